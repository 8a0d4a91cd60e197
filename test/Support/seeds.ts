/**
 * The seeds a test runs with: 1 to `count`, for `test.each(seeds(200))('… (seed %i)', (seed) => …)`.
 * `SHOAL_SEEDS=5000 npx vitest …` looks longer; a seed that failed is worth a test of its own.
 */
export function seeds(count: number): number[] {
  const { SHOAL_SEEDS } = process.env;
  const wanted = SHOAL_SEEDS === undefined ? count : Number(SHOAL_SEEDS);
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new RangeError(`SHOAL_SEEDS=${SHOAL_SEEDS} is no number of seeds`);
  return Array.from({ length: wanted }, (_, index) => index + 1);
}

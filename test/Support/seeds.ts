/**
 * The seeds of a test, from 1 to `count`, for `test.each(seeds(200))('… (seed %i)', (seed) => …)`.
 * `SHOAL_SEEDS=5000` takes this count instead, `SHOAL_SEEDS=x10` ten times as many as the test asks for.
 * A seed that fails deserves a test of its own.
 */
export function seeds(count: number): number[] {
  const [, times = '', number = ''] = /^(x?)(\d+)$/.exec(process.env.SHOAL_SEEDS ?? 'x1') ?? [];
  const wanted = Number(number) * (times === 'x' ? count : 1);
  if (wanted < 1) throw new RangeError(`SHOAL_SEEDS=${process.env.SHOAL_SEEDS} is neither a count nor x10`);
  return Array.from({ length: wanted }, (_, index) => index + 1);
}

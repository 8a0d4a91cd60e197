/** Middle of some figures, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @param figures - at least one */
export function spread(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const median = ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
  return { median, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/** "1.31 (1.20 to 1.44)" */
export function spreadText({ median, least, most }: Spread, digits = 2): string {
  const [middle, from, to] = [median, least, most].map((figure) => figure.toFixed(digits));
  return from === to ? `${middle}` : `${middle} (${from} to ${to})`;
}

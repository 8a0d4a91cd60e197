/** Median and range of some figures. */
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

/** Fits a straight line through points (x, y) by least squares. @param points - at least two, of different x */
export function line(points: readonly (readonly [x: number, y: number])[]): { at0: number; slope: number } {
  const mean = (pick: 0 | 1) => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  const slope = over / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
  return { at0: y0 - slope * x0, slope };
}

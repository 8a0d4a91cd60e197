/** Block sizes: exact up to 8, then four per doubling, so that at most a fifth of a block is unused. */
const SIZES: readonly number[] = blockSizes(2 ** 27);

/** Number of block sizes. */
export const SIZE_CLASSES = SIZES.length;

/** Size of a block for `count` cells. */
export function roomFor(count: number): number {
  return cellsOf(sizeClass(count));
}

/** Cells of a block of this class. */
export function cellsOf(size: number): number {
  return SIZES[size] ?? 0;
}

/** Class of the smallest block for `count` cells. */
export function sizeClass(count: number): number {
  if (count <= 8) return Math.max(count, 1) - 1;
  const doubling = 31 - Math.clz32(count - 1); // 2^doubling < count <= 2^(doubling + 1)
  const quarter = (count - 1 - 2 ** doubling) >> (doubling - 2);
  return 8 + (doubling - 3) * 4 + quarter;
}

function blockSizes(largest: number): number[] {
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8];
  for (let base = 8; base < largest; base *= 2) {
    for (let quarter = 1; quarter <= 4; quarter++) sizes.push(base + (base / 4) * quarter);
  }
  return sizes;
}

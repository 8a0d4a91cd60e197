/** Sizes of blocks: exact up to 8, then four steps a doubling, so that at most a fifth of a block is unused. */
const SIZES: readonly number[] = blockSizes(2 ** 27);

/** Memory for many short lists of 32-bit numbers without an object each. A block is known by where it starts. */
export class IntArena {
  #cells = new Int32Array(1_024);
  #used = 1; // 0 is nobody's block.
  /** The first free block of each size; its first cell names the next. */
  readonly #free = new Int32Array(SIZES.length);

  /** All cells; stale after the next `take`. */
  get cells(): Int32Array {
    return this.#cells;
  }

  /** A block of at least `count` cells with any content. Its true size is `roomFor(count)`. */
  take(count: number): number {
    const size = sizeClass(count);
    const free = this.#free[size] ?? 0;
    if (free !== 0) {
      this.#free[size] = this.#cells[free] ?? 0;
      return free;
    }
    const block = this.#used;
    this.#used += SIZES[size] ?? 0;
    if (this.#used > this.#cells.length) this.#cells = grown(this.#cells, this.#used);
    return block;
  }

  /** @param count - what was asked for, or any count with the same `roomFor` */
  release(block: number, count: number): void {
    const size = sizeClass(count);
    this.#cells[block] = this.#free[size] ?? 0;
    this.#free[size] = block;
  }
}

/** How many cells a block for `count` really has. */
export function roomFor(count: number): number {
  return SIZES[sizeClass(count)] ?? 0;
}

/** A larger copy with room for at least `needed` cells; grows by a quarter to keep the unused part small. */
export function grown(cells: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, Math.ceil(cells.length * 1.25)));
  larger.set(cells);
  return larger;
}

function sizeClass(count: number): number {
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

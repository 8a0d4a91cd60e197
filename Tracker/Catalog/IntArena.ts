/** Block sizes: exact up to 8, then four per doubling, so that at most a fifth of a block is unused. */
const SIZES: readonly number[] = blockSizes(2 ** 27);

/** Moves a block with its content. @returns its new position */
export type MoveBlock = (block: number, count: number) => number;

/** Compaction starts when more than one in this many used cells is in released blocks. */
const RELEASED_PART = 5;

/** Memory for many short lists of 32-bit numbers without an object each. A block is known by its position. */
export class IntArena {
  readonly #moveAll: ((move: MoveBlock) => void) | undefined;
  #cells = new Int32Array(1_024);
  #used = 1; // 0 is no block.
  #released = 0; // cells of the free blocks
  /** First free block of each size; its first cell refers to the next. */
  readonly #free = new Int32Array(SIZES.length);

  /**
   * @param moveAll - calls `move` for every taken block, with its count, and records the new position. Enables compaction in any
   * `take`, which reclaims the blocks outgrown by lists.
   */
  constructor(moveAll?: (move: MoveBlock) => void) {
    this.#moveAll = moveAll;
  }

  /** All cells; stale after the next `take`. */
  get cells(): Int32Array {
    return this.#cells;
  }

  /** A block of `roomFor(count)` cells with arbitrary content. */
  take(count: number): number {
    const size = sizeClass(count);
    const free = this.#free[size] ?? 0;
    if (free !== 0) {
      this.#free[size] = this.#cells[free] ?? 0;
      this.#released -= SIZES[size] ?? 0;
      return free;
    }
    const cells = SIZES[size] ?? 0;
    if (this.#used + cells > this.#cells.length) this.#makeRoom(cells);
    const block = this.#used;
    this.#used += cells;
    return block;
  }

  /** @param count - as taken, or another count with the same `roomFor` */
  release(block: number, count: number): void {
    const size = sizeClass(count);
    this.#cells[block] = this.#free[size] ?? 0;
    this.#free[size] = block;
    this.#released += SIZES[size] ?? 0;
  }

  /** Releases the end of a block that now has `newCount` cells: nothing moves. */
  shrink(block: number, oldCount: number, newCount: number): void {
    const end = block + roomFor(oldCount);
    for (let at = block + roomFor(newCount); at < end; ) {
      const left = end - at;
      const size = sizeClass(left);
      const cells = SIZES[size] === left ? left : (SIZES[size - 1] ?? 1);
      this.release(at, cells);
      at += cells;
    }
  }

  #makeRoom(cells: number): void {
    if (this.#moveAll === undefined || this.#released * RELEASED_PART < this.#used) {
      this.#cells = grown(this.#cells, this.#used + cells);
      return;
    }
    const old = this.#cells;
    const live = this.#used - this.#released;
    this.#cells = new Int32Array(Math.ceil((live + cells) * 1.25));
    this.#used = 1;
    this.#released = 0;
    this.#free.fill(0);
    this.#moveAll((block, count) => {
      const target = this.#used;
      const room = roomFor(count);
      this.#cells.set(old.subarray(block, block + room), target);
      this.#used += room;
      return target;
    });
  }
}

/** Size of a block for `count` cells. */
export function roomFor(count: number): number {
  return SIZES[sizeClass(count)] ?? 0;
}

/** A larger copy of at least `needed` cells. Grows by a quarter, which keeps the unused part small. */
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

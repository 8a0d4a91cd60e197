import { cellsOf, roomFor, SIZE_CLASSES, sizeClass } from './BlockSizes.ts';

const SLAB_BITS = 14;
const SLAB_CELLS = 1 << SLAB_BITS;
const SLAB_MASK = SLAB_CELLS - 1;
/** Larger blocks have a slab of their own, which is freed with them. */
const SHARED_CELLS_MAX = 1_024;
/** Moving blocks together pays when more than one in this many used cells is in released blocks. */
const RELEASED_PART = 5;
/** Below this many used cells nothing is moved. */
const MOVED_CELLS_MIN = 4 * SLAB_CELLS;

const NO_CELLS = new Int32Array(0);

/**
 * Memory for many short lists of 32-bit numbers without an object each, in slabs of 64 KiB: growth copies nothing. A
 * block is known by its position, which is never 0. Lists that grow leave blocks behind that no list needs any more.
 * The owner of the blocks reclaims them step by step: `beginMoving`, then a new block for each one that `mustMove`,
 * then `endMoving`.
 */
export class IntArena {
  /** By number; the first is never used. */
  readonly #slabs: Int32Array[] = [NO_CELLS];
  readonly #freeSlabs: number[] = [];
  /** Numbers of the slabs with blocks of many lists, the latest last. */
  #shared = new Set<number>();
  /** Shared slabs that are left by all blocks. */
  #old = new Set<number>();
  /** Next unused cell of the latest shared slab, and the end of that slab. */
  #next = 0;
  #end = 0;
  /** Cells of shared slabs: in blocks, released ones included, and in released ones. */
  #used = 0;
  #released = 0;
  /** First free block of each size; its first cell refers to the next. */
  readonly #free = new Int32Array(SIZE_CLASSES);

  /** The slab with a block, at `offset`. Valid until the block is released or shrunk. */
  slab(block: number): Int32Array {
    return this.#slabs[block >>> SLAB_BITS] ?? NO_CELLS;
  }

  offset(block: number): number {
    return block & SLAB_MASK;
  }

  /** A view of the first cells of a block, as valid as `slab`. */
  view(block: number, count: number): Int32Array {
    const from = this.offset(block);
    return this.slab(block).subarray(from, from + count);
  }

  /** Cells of all slabs. */
  get capacity(): number {
    return this.#slabs.reduce((sum, { length }) => sum + length, 0);
  }

  /** A block of `roomFor(count)` cells with arbitrary content. */
  take(count: number): number {
    const size = sizeClass(count);
    const cells = cellsOf(size);
    if (cells > SHARED_CELLS_MAX) return this.#addSlab(new Int32Array(cells)) << SLAB_BITS;
    const free = this.#free[size] ?? 0;
    if (free !== 0) {
      this.#free[size] = this.slab(free)[this.offset(free)] ?? 0;
      this.#released -= cells;
      return free;
    }
    if (this.#next + cells > this.#end) this.#addShared();
    const block = this.#next;
    this.#next += cells;
    this.#used += cells;
    return block;
  }

  /** @param count - as taken, or another count with the same `roomFor` */
  release(block: number, count: number): void {
    const slab = block >>> SLAB_BITS;
    if (this.#old.has(slab)) return;
    if (this.#shared.has(slab)) this.#releasePart(block, roomFor(count));
    else this.#dropSlab(slab);
  }

  /** Releases the end of a block that now has `newCount` cells: its position stays. */
  shrink(block: number, oldCount: number, newCount: number): void {
    const [before, after] = [roomFor(oldCount), roomFor(newCount)];
    const slab = block >>> SLAB_BITS;
    if (before === after || this.#old.has(slab)) return;
    if (this.#shared.has(slab)) this.#releasePart(block + after, before - after);
    else this.#slabs[slab] = this.slab(block).slice(0, after);
  }

  /** Whether so much is in released blocks that moving the others pays. */
  get isWasteful(): boolean {
    return this.#used > MOVED_CELLS_MIN && this.#released * RELEASED_PART > this.#used;
  }

  /** From here on, new blocks are in new slabs. */
  beginMoving(): void {
    this.#old = this.#shared;
    this.#shared = new Set();
    this.#free.fill(0);
    this.#next = this.#end = 0;
    this.#used = this.#released = 0;
  }

  mustMove(block: number): boolean {
    return this.#old.has(block >>> SLAB_BITS);
  }

  /** Frees the old slabs. No block may be left there. */
  endMoving(): void {
    for (const slab of this.#old) this.#dropSlab(slab);
    this.#old = new Set();
  }

  /** Releases cells of a shared slab as blocks. */
  #releasePart(from: number, cells: number): void {
    this.#released += cells;
    for (let at = from, left = cells; left > 0; ) {
      const fitting = sizeClass(left);
      const size = cellsOf(fitting) === left ? fitting : fitting - 1;
      this.slab(at)[this.offset(at)] = this.#free[size] ?? 0;
      this.#free[size] = at;
      at += cellsOf(size);
      left -= cellsOf(size);
    }
  }

  #addShared(): void {
    const rest = this.#end - this.#next;
    this.#used += rest;
    this.#releasePart(this.#next, rest);
    const slab = this.#addSlab(new Int32Array(SLAB_CELLS));
    this.#shared.add(slab);
    this.#next = slab << SLAB_BITS;
    this.#end = this.#next + SLAB_CELLS;
  }

  #addSlab(cells: Int32Array): number {
    const slab = this.#freeSlabs.pop() ?? this.#slabs.length;
    this.#slabs[slab] = cells;
    return slab;
  }

  #dropSlab(slab: number): void {
    this.#slabs[slab] = NO_CELLS;
    this.#freeSlabs.push(slab);
  }
}

const UNIT = 4;
const SLAB_BYTES = 1_024 * 1_024;

/**
 * Many short texts as UTF-8 in large slabs: a fraction of the memory of strings, invisible to the garbage collector.
 * A text is known by its position; the caller keeps its length in bytes (at most 1,024).
 */
export class TextArena {
  readonly #slabs: Buffer[] = [];
  #used = SLAB_BYTES; // of the last slab
  /** Free positions, by size in units. */
  readonly #free: number[][] = [];

  /** Stores the first `count` bytes. @returns the position */
  add(bytes: Buffer, count: number): number {
    const units = Math.ceil(count / UNIT);
    if (units === 0) return 0;
    const position = this.#free[units]?.pop() ?? this.#fresh(units);
    bytes.copy(this.#slab(position), offset(position), 0, count);
    return position;
  }

  release(position: number, count: number): void {
    const units = Math.ceil(count / UNIT);
    if (units === 0) return;
    this.#free[units] ??= [];
    this.#free[units].push(position);
  }

  text(position: number, count: number): string {
    return count === 0
      ? ''
      : this.#slab(position).toString('utf8', offset(position), offset(position) + count);
  }

  /** Whether the text begins with `prefixCount` bytes of `prefix`, those from `at` on. */
  startsWith(position: number, count: number, prefix: Buffer, prefixCount: number, at = 0): boolean {
    if (prefixCount > count) return false;
    if (prefixCount === 0) return true;
    const from = offset(position);
    return this.#slab(position).compare(prefix, at, at + prefixCount, from, from + prefixCount) === 0;
  }

  equals(position: number, count: number, other: Buffer, otherCount: number): boolean {
    return count === otherCount && this.startsWith(position, count, other, otherCount);
  }

  /** A view of the bytes. */
  bytes(position: number, count: number): Buffer {
    return count === 0 ? NO_BYTES : this.#slab(position).subarray(offset(position), offset(position) + count);
  }

  #fresh(units: number): number {
    if (this.#used + units * UNIT > SLAB_BYTES) {
      this.#slabs.push(Buffer.allocUnsafeSlow(SLAB_BYTES));
      this.#used = 0;
    }
    const position = ((this.#slabs.length - 1) * SLAB_BYTES + this.#used) / UNIT;
    this.#used += units * UNIT;
    return position;
  }

  #slab(position: number): Buffer {
    return this.#slabs[Math.floor((position * UNIT) / SLAB_BYTES)] ?? NO_BYTES;
  }
}

const NO_BYTES = Buffer.alloc(0);

function offset(position: number): number {
  return (position * UNIT) % SLAB_BYTES;
}

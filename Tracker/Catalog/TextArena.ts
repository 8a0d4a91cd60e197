const UNIT = 4;
const SLAB_BYTES = 1_024 * 1_024;

/**
 * Many short texts as UTF-8 in large slabs: a fraction of the memory of as many strings, and nothing for the garbage
 * collector to walk. A text is known by its place; the caller keeps its length in bytes (at most 1,024).
 */
export class TextArena {
  readonly #slabs: Buffer[] = [];
  #used = SLAB_BYTES; // of the last slab
  /** Places that are free again, by size in units. */
  readonly #free: number[][] = [];

  /** Stores the first `count` bytes of `bytes`. */
  add(bytes: Buffer, count: number): number {
    const units = Math.ceil(count / UNIT);
    if (units === 0) return 0;
    const place = this.#free[units]?.pop() ?? this.#fresh(units);
    bytes.copy(this.#slab(place), offset(place), 0, count);
    return place;
  }

  release(place: number, count: number): void {
    const units = Math.ceil(count / UNIT);
    if (units === 0) return;
    this.#free[units] ??= [];
    this.#free[units].push(place);
  }

  text(place: number, count: number): string {
    return count === 0 ? '' : this.#slab(place).toString('utf8', offset(place), offset(place) + count);
  }

  /** Whether the text begins with `prefixCount` bytes of `prefix`, those from `at` on. */
  startsWith(place: number, count: number, prefix: Buffer, prefixCount: number, at = 0): boolean {
    if (prefixCount > count) return false;
    if (prefixCount === 0) return true;
    const from = offset(place);
    return this.#slab(place).compare(prefix, at, at + prefixCount, from, from + prefixCount) === 0;
  }

  equals(place: number, count: number, other: Buffer, otherCount: number): boolean {
    return count === otherCount && this.startsWith(place, count, other, otherCount);
  }

  /** Where the bytes lie, to hash them. */
  bytes(place: number, count: number): Buffer {
    return count === 0 ? NO_BYTES : this.#slab(place).subarray(offset(place), offset(place) + count);
  }

  #fresh(units: number): number {
    if (this.#used + units * UNIT > SLAB_BYTES) {
      this.#slabs.push(Buffer.allocUnsafeSlow(SLAB_BYTES));
      this.#used = 0;
    }
    const place = ((this.#slabs.length - 1) * SLAB_BYTES + this.#used) / UNIT;
    this.#used += units * UNIT;
    return place;
  }

  #slab(place: number): Buffer {
    return this.#slabs[Math.floor((place * UNIT) / SLAB_BYTES)] ?? NO_BYTES;
  }
}

const NO_BYTES = Buffer.alloc(0);

function offset(place: number): number {
  return (place * UNIT) % SLAB_BYTES;
}

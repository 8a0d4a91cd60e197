/** End of a chain. */
const NONE = -1;
const FIRST_BUCKETS = 1_024;
/** Growth of columns: few copies, and pages that are not written to take no memory. */
export const COLUMN_GROWTH = 4;

/**
 * A hash table from 32-bit hashes to row numbers, of 12 bytes a row. Rows of equal hash form a chain, the newest first;
 * the caller compares the rows themselves. All operations are O(1), also with a million rows of one hash.
 */
export class RowChains {
  readonly #hashOf: (row: number) => number;
  /** First row of each bucket. The size is a power of two. */
  #heads = new Int32Array(FIRST_BUCKETS).fill(NONE);
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  #rows = 0;

  /** @param hashOf - the hash of a row in the table, the same from `add` to `remove` */
  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  add(row: number): void {
    if (row >= this.#next.length) {
      const length = Math.max(FIRST_BUCKETS, COLUMN_GROWTH * row);
      this.#next = grown(this.#next, length);
      this.#previous = grown(this.#previous, length);
    }
    if (++this.#rows > this.#heads.length) this.#rehash();
    this.#link(row, this.#bucketOf(this.#hashOf(row)));
  }

  remove(row: number): void {
    const [next, previous] = [this.#next[row] ?? NONE, this.#previous[row] ?? NONE];
    if (previous === NONE) this.#heads[this.#bucketOf(this.#hashOf(row))] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#rows--;
  }

  /** First row of the chain of a hash, with other hashes among its rows; undefined: none. */
  first(hash: number): number | undefined {
    return rowOrNone(this.#heads[this.#bucketOf(hash)]);
  }

  next(row: number): number | undefined {
    return rowOrNone(this.#next[row]);
  }

  #bucketOf(hash: number): number {
    return hash & (this.#heads.length - 1);
  }

  #link(row: number, bucket: number): void {
    const first = this.#heads[bucket] ?? NONE;
    this.#heads[bucket] = row;
    this.#next[row] = first;
    this.#previous[row] = NONE;
    if (first !== NONE) this.#previous[first] = row;
  }

  /** Doubles the buckets. Chains are moved from their last row to the first, which keeps their order. */
  #rehash(): void {
    const before = this.#heads;
    this.#heads = new Int32Array(2 * before.length).fill(NONE);
    for (const head of before) {
      let row = head;
      while (row !== NONE && this.#next[row] !== NONE) row = this.#next[row] ?? NONE;
      while (row !== NONE) {
        const previous = this.#previous[row] ?? NONE;
        this.#link(row, this.#bucketOf(this.#hashOf(row)));
        row = previous;
      }
    }
  }
}

function rowOrNone(row: number | undefined): number | undefined {
  return row === undefined || row === NONE ? undefined : row;
}

function grown(before: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const after = new Int32Array(length);
  after.set(before);
  return after;
}

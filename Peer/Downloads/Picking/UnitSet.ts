/** A set of unit numbers 0..size-1 with a fast search for the next member: a few steps among a million. */
export class UnitSet {
  readonly size: number;
  /** One bit per unit, lowest bit first. */
  readonly #words: Uint32Array;
  /** One bit per word of `#words` that is not 0. */
  readonly #summary: Uint32Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#words = new Uint32Array(Math.ceil(size / 32));
    this.#summary = new Uint32Array(Math.ceil(this.#words.length / 32));
  }

  get count(): number {
    return this.#count;
  }

  /** Returns false for a number outside 0..size-1. */
  has(unit: number): boolean {
    return ((this.#words[unit >>> 5] ?? 0) & (1 << (unit & 31))) !== 0;
  }

  /** Returns whether the unit was added. @throws RangeError outside 0..size-1 */
  add(unit: number): boolean {
    if (!Number.isInteger(unit) || unit < 0 || unit >= this.size) {
      throw new RangeError(`no unit ${unit} of ${this.size}`);
    }
    if (this.has(unit)) return false;
    const word = unit >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (unit & 31));
    this.#summary[word >>> 5] = (this.#summary[word >>> 5] ?? 0) | (1 << (word & 31));
    this.#count++;
    return true;
  }

  /** Returns whether the unit was a member. */
  delete(unit: number): boolean {
    if (!this.has(unit)) return false;
    const word = unit >>> 5;
    const left = (this.#words[word] ?? 0) & ~(1 << (unit & 31));
    this.#words[word] = left;
    if (left === 0) this.#summary[word >>> 5] = (this.#summary[word >>> 5] ?? 0) & ~(1 << (word & 31));
    this.#count--;
    return true;
  }

  /** Returns the lowest member that is at least `from`; -1: none. */
  next(from: number): number {
    if (this.#count === 0 || from >= this.size) return -1;
    const start = Math.max(0, from);
    const word = start >>> 5;
    const here = lowestBitFrom(this.#words[word] ?? 0, start & 31);
    if (here >= 0) return word * 32 + here;
    for (let at = (word + 1) >>> 5, bit = (word + 1) & 31; at < this.#summary.length; at++, bit = 0) {
      const filled = lowestBitFrom(this.#summary[at] ?? 0, bit);
      if (filled < 0) continue;
      const found = at * 32 + filled;
      return found * 32 + lowestBitFrom(this.#words[found] ?? 0, 0);
    }
    return -1;
  }
}

/** Returns the lowest set bit of `word` at or above `bit`; -1: none. */
function lowestBitFrom(word: number, bit: number): number {
  const rest = word & (-1 << bit);
  return rest === 0 ? -1 : 31 - Math.clz32(rest & -rest);
}

/** Size at which a block is split: keeps insertion and search cheap. */
const BLOCK = 512;

/**
 * Numbers in an order of the caller, for searches of a prefix: 4 to 8 bytes each, and no hash that a stranger could
 * aim at.
 */
export class SortedNumbers {
  readonly #isBefore: (one: number, other: number) => boolean;
  /** No block is empty, except a single one. */
  readonly #blocks: Int32Array[] = [new Int32Array(BLOCK)];
  readonly #counts: number[] = [0];
  #size = 0;

  /** @param isBefore - a strict order of the numbers; constant while they are present */
  constructor(isBefore: (one: number, other: number) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#size;
  }

  /** @param id - a number that is not present */
  add(id: number): void {
    const isBefore = (other: number) => this.#isBefore(other, id);
    const at = this.#blockOf(isBefore);
    const block = this.#blocks[at] ?? new Int32Array(0);
    const count = this.#counts[at] ?? 0;
    const place = this.#placeIn(at, isBefore);
    block.copyWithin(place + 1, place, count);
    block[place] = id;
    this.#counts[at] = count + 1;
    this.#size++;
    if (count + 1 === BLOCK) this.#split(at, block);
  }

  remove(id: number): void {
    const isBefore = (other: number) => this.#isBefore(other, id);
    const at = this.#blockOf(isBefore);
    for (const own of [at, at + 1]) {
      const block = this.#blocks[own];
      const place = this.#placeIn(own, isBefore);
      const count = this.#counts[own] ?? 0;
      if (block === undefined || place >= count || block[place] !== id) continue;
      block.copyWithin(place, place + 1, count);
      this.#counts[own] = count - 1;
      this.#size--;
      if (count === 1 && this.#blocks.length > 1) {
        this.#blocks.splice(own, 1);
        this.#counts.splice(own, 1);
      }
      return;
    }
  }

  /**
   * The first number that is not before the wanted place; -1: none.
   * @param isBefore - true for a beginning of the order
   */
  first(isBefore: (id: number) => boolean): number {
    return this.from(isBefore, () => true, 1)[0] ?? -1;
  }

  /** Up to `max` numbers from the wanted place on, as long as they `belong`. */
  from(isBefore: (id: number) => boolean, belongs: (id: number) => boolean, max: number): number[] {
    const ids: number[] = [];
    let at = this.#blockOf(isBefore);
    let place = this.#placeIn(at, isBefore);
    for (; at < this.#blocks.length; at++, place = 0) {
      const count = this.#counts[at] ?? 0;
      for (; place < count; place++) {
        const id = this.#blocks[at]?.[place] ?? 0;
        if (ids.length === max || !belongs(id)) return ids;
        ids.push(id);
      }
    }
    return ids;
  }

  #split(at: number, block: Int32Array): void {
    const half = new Int32Array(BLOCK);
    half.set(block.subarray(BLOCK / 2));
    this.#blocks.splice(at + 1, 0, half);
    this.#counts.splice(at, 1, BLOCK / 2, BLOCK / 2);
  }

  /** The last block that begins before the wanted place, or the first. */
  #blockOf(isBefore: (id: number) => boolean): number {
    let low = 0;
    let high = this.#blocks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#blocks[middle]?.[0] ?? 0)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Index of the first number in a block that is not before the wanted place. */
  #placeIn(at: number, isBefore: (id: number) => boolean): number {
    const block = this.#blocks[at];
    let low = 0;
    let high = this.#counts[at] ?? 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(block?.[middle] ?? 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

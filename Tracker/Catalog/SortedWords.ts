/** Block size at which a block is split: keeps insertion and search cheap. */
const BLOCK_WORDS = 512;

/** Word numbers sorted by word, for prefix search. */
export class SortedWords {
  readonly #wordOf: (id: number) => string;
  /** No block is empty, except a single one. */
  readonly #blocks: number[][] = [[]];

  constructor(wordOf: (id: number) => string) {
    this.#wordOf = wordOf;
  }

  /** @param id - of a word that is not present */
  add(id: number): void {
    const word = this.#wordOf(id);
    const at = this.#blockOf(word);
    const block = this.#blocks[at] ?? [];
    block.splice(this.#indexIn(block, word), 0, id);
    if (block.length > BLOCK_WORDS) this.#blocks.splice(at + 1, 0, block.splice(BLOCK_WORDS / 2));
  }

  remove(id: number): void {
    const word = this.#wordOf(id);
    const at = this.#blockOf(word);
    const block = this.#blocks[at] ?? [];
    const place = this.#indexIn(block, word);
    if (block[place] !== id) return;
    block.splice(place, 1);
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1);
  }

  /** Up to `max` ids of words that begin with `prefix`, in order. */
  startingWith(prefix: string, max: number): number[] {
    const ids: number[] = [];
    let at = this.#blockOf(prefix);
    let place = this.#indexIn(this.#blocks[at] ?? [], prefix);
    for (; at < this.#blocks.length; at++, place = 0) {
      for (const id of (this.#blocks[at] ?? []).slice(place)) {
        if (ids.length === max || !this.#wordOf(id).startsWith(prefix)) return ids;
        ids.push(id);
      }
    }
    return ids;
  }

  /** The last block that begins at or before `word`, or the first. */
  #blockOf(word: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const first = this.#blocks[middle]?.[0];
      if (first === undefined || this.#wordOf(first) > word) high = middle;
      else low = middle;
    }
    return low;
  }

  /** Index of the first word not before `word`. */
  #indexIn(block: readonly number[], word: string): number {
    let low = 0;
    let high = block.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#wordOf(block[middle] ?? 0) < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

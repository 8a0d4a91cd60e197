const EMPTY = -1;
const REMOVED = -2;
const INITIAL_SLOTS = 256;

/**
 * Finds small whole numbers (indexes of another store) by a hash of the values there. Open addressing, linear probing: 4 bytes per
 * slot, load factor at most two thirds.
 */
export class HashTable {
  readonly #hashOf: (id: number) => number;
  #slots = new Int32Array(INITIAL_SLOTS).fill(EMPTY);
  #live = 0;
  /** Non-empty slots: live and removed ones. */
  #used = 0;

  /** @param hashOf - hash of the value at `id`; constant while `id` is in the table */
  constructor(hashOf: (id: number) => number) {
    this.#hashOf = hashOf;
  }

  get size(): number {
    return this.#live;
  }

  /** The first id with this hash for which `same` holds, or -1. */
  find(hash: number, same: (id: number) => boolean): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const id = slots[at] ?? EMPTY;
      if (id === EMPTY) return -1;
      if (id !== REMOVED && same(id)) return id;
    }
  }

  /** Adds an id that is not in the table. */
  add(id: number, hash: number): void {
    if ((this.#used + 1) * 3 > this.#slots.length * 2) this.#rebuild();
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = hash & mask;
    while ((slots[at] ?? EMPTY) >= 0) at = (at + 1) & mask;
    if (slots[at] === EMPTY) this.#used++;
    slots[at] = id;
    this.#live++;
  }

  remove(id: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      if (slots[at] === EMPTY) return;
      if (slots[at] !== id) continue;
      const last = slots[(at + 1) & mask] === EMPTY;
      slots[at] = last ? EMPTY : REMOVED;
      if (last) this.#used--;
      this.#live--;
      return;
    }
  }

  /** Rebuilds without removed slots, at most half full. */
  #rebuild(): void {
    let length = INITIAL_SLOTS;
    while (length < (this.#live + 1) * 2) length *= 2;
    const slots = new Int32Array(length).fill(EMPTY);
    for (const id of this.#slots) {
      if (id < 0) continue;
      let at = this.#hashOf(id) & (length - 1);
      while (slots[at] !== EMPTY) at = (at + 1) & (length - 1);
      slots[at] = id;
    }
    this.#slots = slots;
    this.#used = this.#live;
  }
}

const EMPTY = 0;
const REMOVED = -1;
const INITIAL_SLOTS = 256;
/** Old slots moved by each change while a table is being replaced. Done before the new one is full: see `#replace`. */
const MOVED_PER_CHANGE = 64;

/**
 * Finds small whole numbers (indexes of another store) by a hash of the values there. Open addressing, linear
 * probing: 4 bytes per slot, load factor at most two thirds. A full table is replaced step by step: no single change
 * costs more than a few microseconds.
 */
export class HashTable {
  readonly #hashOf: (id: number) => number;
  /** Ids plus 1. */
  #slots = new Int32Array(INITIAL_SLOTS);
  /** The table being replaced; its slots below `#moved` are empty. */
  #old: Int32Array | undefined;
  #moved = 0;
  #live = 0;
  /** Non-empty slots of `#slots`: live and removed ones. */
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
    const found = findIn(this.#slots, hash, same);
    return found >= 0 || this.#old === undefined ? found : findIn(this.#old, hash, same);
  }

  /** Adds an id that is not in the table. */
  add(id: number, hash: number): void {
    this.#move();
    if ((this.#used + 1) * 3 > this.#slots.length * 2) this.#replace();
    this.#insert(id, hash);
    this.#live++;
  }

  remove(id: number, hash: number): void {
    this.#move();
    const isRemoved = this.#removeFrom(this.#slots, id, hash);
    if (isRemoved || (this.#old !== undefined && this.#removeFrom(this.#old, id, hash))) this.#live--;
  }

  #insert(id: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = hash & mask;
    while ((slots[at] ?? EMPTY) > 0) at = (at + 1) & mask;
    if (slots[at] === EMPTY) this.#used++;
    slots[at] = id + 1;
  }

  #removeFrom(slots: Int32Array, id: number, hash: number): boolean {
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      if (slots[at] === EMPTY) return false;
      if (slots[at] !== id + 1) continue;
      const isLast = slots[(at + 1) & mask] === EMPTY;
      slots[at] = isLast ? EMPTY : REMOVED;
      if (isLast && slots === this.#slots) this.#used--;
      return true;
    }
  }

  /**
   * Begins a table without removed slots, at most half full once all are moved. It has room for at least a 24th of
   * the old slots more, so that moving 64 a change ends in time. Zero is an empty slot, so a large table is not
   * written at once.
   */
  #replace(): void {
    while (this.#old !== undefined) this.#move();
    let length = INITIAL_SLOTS;
    while (length < (this.#live + 1) * 2 || length < this.#slots.length / 4) length *= 2;
    this.#old = this.#slots;
    this.#moved = 0;
    this.#slots = new Int32Array(length);
    this.#used = 0;
  }

  #move(): void {
    const old = this.#old;
    if (old === undefined) return;
    const end = Math.min(this.#moved + MOVED_PER_CHANGE, old.length);
    for (; this.#moved < end; this.#moved++) {
      const id = (old[this.#moved] ?? EMPTY) - 1;
      if (id < 0) continue;
      old[this.#moved] = REMOVED;
      this.#insert(id, this.#hashOf(id));
    }
    if (end === old.length) this.#old = undefined;
  }
}

function findIn(slots: Int32Array, hash: number, same: (id: number) => boolean): number {
  const mask = slots.length - 1;
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    const id = (slots[at] ?? EMPTY) - 1;
    if (id === EMPTY - 1) return -1;
    if (id >= 0 && same(id)) return id;
  }
}

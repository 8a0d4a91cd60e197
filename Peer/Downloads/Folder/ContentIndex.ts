import type { FileId } from '../../../Protocol/Ids.ts';
import type { Random } from '../../../Shared/Time/Clock.ts';
import { type FolderTable, ID_WORDS, idAt, idWordsOf } from './FolderTable.ts';

const NONE = -1;

/**
 * Finds rows by content: a hash table with open addressing, 4 to 16 bytes a row. The ids come from strangers: random
 * factors keep them from choosing ids that collide.
 */
export class ContentIndex {
  readonly #table: FolderTable;
  readonly #factors: Int32Array;
  #slots: Int32Array;
  /** Next row with the same content; undefined: all contents differ. */
  #next: Int32Array | undefined;

  constructor(table: FolderTable, random: Random) {
    this.#table = table;
    this.#factors = Int32Array.from({ length: ID_WORDS }, () => Math.floor(random() * 2 ** 32) | 1);
    let slots = 16;
    while (slots < table.length * 2) slots *= 2;
    this.#slots = new Int32Array(slots).fill(NONE);
  }

  /** Adds a row. Returns whether it is the first with its content. */
  add(row: number): boolean {
    const slot = this.#slotOf(this.#table.idWords(row), idAt(row));
    const first = this.#slots[slot] ?? NONE;
    if (first === NONE) {
      this.#slots[slot] = row;
      return true;
    }
    this.#next ??= new Int32Array(this.#table.length).fill(NONE);
    this.#next[row] = this.#next[first] ?? NONE;
    this.#next[first] = row;
    return false;
  }

  /** The first row with a content; undefined: none. */
  find(fileId: FileId): number | undefined {
    const row = this.#slots[this.#slotOf(idWordsOf(fileId), 0)] ?? NONE;
    return row === NONE ? undefined : row;
  }

  /** Forgets all rows. */
  clear(): void {
    this.#slots = new Int32Array(1).fill(NONE);
    this.#next = undefined;
  }

  hasTwins(first: number): boolean {
    return this.#next !== undefined && this.#next[first] !== NONE;
  }

  /** The other rows with the content of a first row. */
  *twinsOf(first: number): Generator<number> {
    if (this.#next === undefined) return;
    for (let row = this.#next[first] ?? NONE; row !== NONE; row = this.#next[row] ?? NONE) yield row;
  }

  /** The slot of the id that begins at word `at`, or the free one for it. */
  #slotOf(words: Int32Array, at: number): number {
    let hash = 0;
    for (let word = 0; word < ID_WORDS; word++)
      hash = (hash + Math.imul((words[at + word] ?? 0) ^ (hash >>> 15), this.#factors[word] ?? 1)) | 0;
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 16)) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] ?? NONE;
      if (row === NONE || this.#hasId(row, words, at)) return slot;
    }
  }

  #hasId(row: number, words: Int32Array, at: number): boolean {
    const own = this.#table.idWords(row);
    const ownAt = idAt(row);
    for (let word = 0; word < ID_WORDS; word++) if (own[ownAt + word] !== words[at + word]) return false;
    return true;
  }
}

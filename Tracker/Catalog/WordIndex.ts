import { HashTable } from './HashTable.ts';
import { grown, IntArena, type MoveBlock, roomFor } from './IntArena.ts';
import type { KeyedHash } from './KeyedHash.ts';
import { SortedNumbers } from './SortedNumbers.ts';

const BLOCK = 0; //  position of its postings
const COUNT = 1; //  number of postings, dead ones included
const DEAD = 2; //   number of dead postings: their entries were removed
/** Position at which the search for dead postings goes on. */
const CURSOR = 3;
const FIELDS = 4;

/** Postings looked at for each one that dies, while at least half of a list are dead. */
const CLEANED_PER_DEATH = 8;

/** Hash tag: other tables share the key. */
const HASH_TAG = 1;

/** The entries that postings refer to. */
export interface PostedEntries {
  isAlive(entry: number): boolean;
  /** Called when a dead entry's posting was removed. */
  dropped(entry: number): void;
}

/**
 * Inverted index from words to entries. Postings of removed entries stay until they are half of a list; then each further death
 * cleans a few places, so that a removal has a constant cost, however common the word.
 */
export class WordIndex {
  readonly #entries: PostedEntries;
  readonly #hash: KeyedHash;
  readonly #words: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #arena = new IntArena((move) => this.#moveAll(move));
  readonly #sorted = new SortedNumbers((one, other) => this.wordOf(one) < this.wordOf(other));
  readonly #table = new HashTable((id) => this.#hashOf(this.wordOf(id)));
  #cells = new Int32Array(256 * FIELDS);

  constructor(entries: PostedEntries, hash: KeyedHash) {
    this.#entries = entries;
    this.#hash = hash;
  }

  /** Upper bound of the numbers. */
  get limit(): number {
    return this.#words.length;
  }

  get size(): number {
    return this.#table.size;
  }

  wordOf(id: number): string {
    return this.#words[id] ?? '';
  }

  /** The number of a word, or -1. */
  find(word: string): number {
    return this.#table.find(this.#hashOf(word), (id) => this.#words[id] === word);
  }

  /** Numbers of up to `max` words that begin with `prefix`, in order. */
  startingWith(prefix: string, max: number): number[] {
    return this.#sorted.from(
      (id) => this.wordOf(id) < prefix,
      (id) => this.wordOf(id).startsWith(prefix),
      max,
    );
  }

  /** Adds a posting. @returns the number of the word */
  post(word: string, entry: number): number {
    const found = this.find(word);
    const id = found >= 0 ? found : this.#create(word);
    const base = id * FIELDS;
    const count = this.#cell(base + COUNT);
    if (count === 0) this.#cells[base + BLOCK] = this.#arena.take(1);
    else if (count === roomFor(count)) this.#resize(base, count, count + 1);
    this.#arena.cells[this.#cell(base + BLOCK) + count] = entry;
    this.#cells[base + COUNT] = count + 1;
    return id;
  }

  /** Records that an entry with this word died. */
  unpost(id: number): void {
    const base = id * FIELDS;
    const dead = this.#cell(base + DEAD) + 1;
    this.#cells[base + DEAD] = dead;
    if (dead * 2 >= this.#cell(base + COUNT)) this.#clean(id);
  }

  /** Number of postings, dead ones included. */
  postings(id: number): number {
    return this.#cell(id * FIELDS + COUNT);
  }

  /** Entries with a word, dead ones included: a view, valid until the next change. */
  entriesOf(id: number): Int32Array {
    const block = this.#cell(id * FIELDS + BLOCK);
    return this.#arena.cells.subarray(block, block + this.postings(id));
  }

  #cell(at: number): number {
    return this.#cells[at] ?? 0;
  }

  #hashOf(word: string): number {
    return this.#hash.start(HASH_TAG).text(word).finish();
  }

  #create(word: string): number {
    const id = this.#free.pop() ?? this.#words.length;
    this.#words[id] = word;
    if ((id + 1) * FIELDS > this.#cells.length) this.#cells = grown(this.#cells, (id + 1) * FIELDS);
    this.#cells.fill(0, id * FIELDS, (id + 1) * FIELDS);
    this.#table.add(id, this.#hashOf(word));
    this.#sorted.add(id);
    return id;
  }

  /** Looks at a few postings; a dead one gives its place to the last. */
  #clean(id: number): void {
    const base = id * FIELDS;
    const before = this.#cell(base + COUNT);
    const block = this.#cell(base + BLOCK);
    const cells = this.#arena.cells;
    let count = before;
    let at = this.#cell(base + CURSOR);
    for (let left = CLEANED_PER_DEATH; left > 0 && count > 0; left--) {
      if (at >= count) at = 0;
      const entry = cells[block + at] ?? 0;
      if (this.#entries.isAlive(entry)) {
        at++;
        continue;
      }
      cells[block + at] = cells[block + --count] ?? 0;
      this.#cells[base + DEAD] = this.#cell(base + DEAD) - 1;
      this.#entries.dropped(entry);
    }
    this.#cells[base + CURSOR] = at;
    if (count > 0) this.#arena.shrink(block, before, count);
    this.#cells[base + COUNT] = count;
    if (count === 0) this.#remove(id, block, before);
  }

  /** Moves a list to a block for another count. COUNT still is that of the old block. */
  #resize(base: number, oldCount: number, newCount: number): void {
    const target = this.#arena.take(newCount);
    const block = this.#cell(base + BLOCK); // Read after `take`, which may move all blocks.
    this.#arena.cells.copyWithin(target, block, block + Math.min(oldCount, newCount));
    this.#arena.release(block, oldCount);
    this.#cells[base + BLOCK] = target;
  }

  #moveAll(move: MoveBlock): void {
    for (let base = 0; base < this.#words.length * FIELDS; base += FIELDS) {
      const count = this.#cell(base + COUNT);
      if (count > 0) this.#cells[base + BLOCK] = move(this.#cell(base + BLOCK), count);
    }
  }

  #remove(id: number, block: number, count: number): void {
    this.#arena.release(block, count);
    this.#sorted.remove(id);
    this.#table.remove(id, this.#hashOf(this.wordOf(id)));
    this.#words[id] = undefined;
    this.#free.push(id);
  }
}

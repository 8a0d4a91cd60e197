import { roomFor } from './BlockSizes.ts';
import { HashTable } from './HashTable.ts';
import { IntArena } from './IntArena.ts';
import type { KeyedHash } from './KeyedHash.ts';
import { Rows } from './Rows.ts';
import { SortedNumbers } from './SortedNumbers.ts';

const BLOCK = 0; //  position of its postings
const COUNT = 1; //  number of postings, dead ones included
const DEAD = 2; //   number of dead postings: their entries were removed
/** Position at which the search for dead postings goes on. */
const CURSOR = 3;
const FIELDS = 4;

/** Postings examined for each one removed, while at least half of a list are removed ones. */
const CLEANED_PER_DEATH = 8;

/** Words whose lists are examined, and postings that are moved, in one step of `compact`. */
const WORDS_PER_STEP = 256;
const MOVED_PER_STEP = 4_096;

/** Hash tag: other tables share the key. */
const HASH_TAG = 1;

/** The entries that postings refer to. */
export interface PostedEntries {
  isAlive(entry: number): boolean;
  /** Called when a dead entry's posting was removed. */
  dropped(entry: number): void;
}

/**
 * Inverted index from words to entries. Postings of removed entries stay until they are half of a list; then each
 * further removal cleans a few places, so that a removal has a constant cost, however common the word.
 */
export class WordIndex {
  readonly #entries: PostedEntries;
  readonly #hash: KeyedHash;
  readonly #words: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #arena = new IntArena();
  readonly #sorted = new SortedNumbers((one, other) => this.wordOf(one) < this.wordOf(other));
  readonly #table = new HashTable((id) => this.#hashOf(this.wordOf(id)));
  readonly #rows = new Rows(FIELDS);
  /** Next word whose list is moved by `compact`; undefined: none is being moved. */
  #moving: number | undefined;

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

  /** Cells in memory for all lists. */
  get capacity(): number {
    return this.#arena.capacity;
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
    const count = this.postings(id);
    if (count === 0) this.#rows.set(id, BLOCK, this.#arena.take(1));
    else if (count === roomFor(count)) this.#move(id, count + 1);
    const block = this.#rows.get(id, BLOCK);
    this.#arena.slab(block)[this.#arena.offset(block) + count] = entry;
    this.#rows.set(id, COUNT, count + 1);
    return id;
  }

  /** Records that an entry with this word was removed. */
  unpost(id: number): void {
    const dead = this.#rows.get(id, DEAD) + 1;
    this.#rows.set(id, DEAD, dead);
    if (dead * 2 >= this.postings(id)) this.#clean(id);
  }

  /** Number of postings, dead ones included. */
  postings(id: number): number {
    return this.#rows.get(id, COUNT);
  }

  /** Entries with a word, dead ones included: a view, valid until the next change. */
  entriesOf(id: number): Int32Array {
    return this.#arena.view(this.#rows.get(id, BLOCK), this.postings(id));
  }

  /** Whether `compact` has nothing to do. */
  get isCompact(): boolean {
    return this.#moving === undefined && !this.#arena.isWasteful;
  }

  /** Makes a step of reclaiming the memory that lists have outgrown. */
  compact(): void {
    if (this.isCompact) return;
    if (this.#moving === undefined) this.#arena.beginMoving();
    let id = this.#moving ?? 0;
    const end = Math.min(this.limit, id + WORDS_PER_STEP);
    for (let moved = 0; id < end && moved < MOVED_PER_STEP; id++) {
      const count = this.postings(id);
      if (count === 0 || !this.#arena.mustMove(this.#rows.get(id, BLOCK))) continue;
      this.#move(id, count);
      moved += count;
    }
    this.#moving = id < this.limit ? id : undefined;
    if (this.#moving === undefined) this.#arena.endMoving();
  }

  #hashOf(word: string): number {
    return this.#hash.start(HASH_TAG).text(word).finish();
  }

  #create(word: string): number {
    const id = this.#free.pop() ?? this.#words.length;
    this.#words[id] = word;
    this.#rows.reach(id);
    for (let field = 0; field < FIELDS; field++) this.#rows.set(id, field, 0);
    this.#table.add(id, this.#hashOf(word));
    this.#sorted.add(id);
    return id;
  }

  /** Looks at a few postings; a dead one gives its place to the last. */
  #clean(id: number): void {
    const before = this.postings(id);
    const block = this.#rows.get(id, BLOCK);
    const list = this.#arena.view(block, before);
    let count = before;
    let dead = this.#rows.get(id, DEAD);
    let at = this.#rows.get(id, CURSOR);
    for (let left = CLEANED_PER_DEATH; left > 0 && count > 0; left--) {
      if (at >= count) at = 0;
      const entry = list[at] ?? 0;
      if (this.#entries.isAlive(entry)) {
        at++;
        continue;
      }
      list[at] = list[--count] ?? 0;
      dead--;
      this.#entries.dropped(entry);
    }
    this.#rows.set(id, CURSOR, at);
    this.#rows.set(id, DEAD, dead);
    this.#rows.set(id, COUNT, count);
    if (count > 0) this.#arena.shrink(block, before, count);
    else this.#remove(id, block, before);
  }

  /** Moves a list to a new block, for `newCount` postings. */
  #move(id: number, newCount: number): void {
    const block = this.#rows.get(id, BLOCK);
    const count = this.postings(id);
    const target = this.#arena.take(newCount);
    this.#arena.slab(target).set(this.#arena.view(block, count), this.#arena.offset(target));
    this.#arena.release(block, count);
    this.#rows.set(id, BLOCK, target);
  }

  #remove(id: number, block: number, count: number): void {
    this.#arena.release(block, count);
    this.#sorted.remove(id);
    this.#table.remove(id, this.#hashOf(this.wordOf(id)));
    this.#words[id] = undefined;
    this.#free.push(id);
  }
}

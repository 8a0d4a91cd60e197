import { HashTable } from './HashTable.ts';
import { grown, IntArena, type MoveBlock, roomFor } from './IntArena.ts';
import type { KeyedHash } from './KeyedHash.ts';
import { SortedWords } from './SortedWords.ts';

const BLOCK = 0; //  where its postings lie
const COUNT = 1; //  postings, dead ones too
const DEAD = 2; //   of them, those of entries that are gone
const FIELDS = 3;

/** Tells words apart from other things under the same key. */
const HASH_TAG = 1;

/** What a word index asks of the entries it points to. */
export interface PostedEntries {
  isAlive(entry: number): boolean;
  /** A posting of a dead entry is gone; when all are, its number may be used again. */
  dropped(entry: number): void;
}

/**
 * Which entries hold which word. A posting of an entry that is gone stays until half of its list is such: then the
 * list is cleaned in one go, so that a removal costs a constant on average, however common the word.
 */
export class WordIndex {
  readonly #entries: PostedEntries;
  readonly #hash: KeyedHash;
  readonly #words: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #arena = new IntArena((move) => this.#moveAll(move));
  readonly #sorted = new SortedWords((id) => this.wordOf(id));
  readonly #table = new HashTable((id) => this.#hashOf(this.wordOf(id)));
  #cells = new Int32Array(256 * FIELDS);

  constructor(entries: PostedEntries, hash: KeyedHash) {
    this.#entries = entries;
    this.#hash = hash;
  }

  /** Numbers of words are below this. */
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

  startingWith(prefix: string, max: number): number[] {
    return this.#sorted.startingWith(prefix, max);
  }

  /** Adds a posting; returns the number of the word. */
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

  /** Says that one of the entries under this word is no longer alive. */
  unpost(id: number): void {
    const base = id * FIELDS;
    const dead = this.#cell(base + DEAD) + 1;
    this.#cells[base + DEAD] = dead;
    if (dead * 2 >= this.#cell(base + COUNT)) this.#clean(id);
  }

  /** How many postings a word has, dead ones too. */
  postings(id: number): number {
    return this.#cell(id * FIELDS + COUNT);
  }

  /** The entries under a word, dead ones too: a view, good until the next change. */
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

  #clean(id: number): void {
    const base = id * FIELDS;
    const block = this.#cell(base + BLOCK);
    const count = this.#cell(base + COUNT);
    const cells = this.#arena.cells;
    let kept = 0;
    for (let at = block; at < block + count; at++) {
      const entry = cells[at] ?? 0;
      if (this.#entries.isAlive(entry)) cells[block + kept++] = entry;
      else this.#entries.dropped(entry);
    }
    if (kept > 0 && roomFor(kept) !== roomFor(count)) this.#resize(base, count, kept);
    this.#cells[base + DEAD] = 0;
    this.#cells[base + COUNT] = kept;
    if (kept === 0) this.#remove(id, block, count);
  }

  /** Puts a list into a block for another count; COUNT still says what its old one is for. */
  #resize(base: number, oldCount: number, newCount: number): void {
    const target = this.#arena.take(newCount);
    const block = this.#cell(base + BLOCK); // Only now: everything may have been moved.
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

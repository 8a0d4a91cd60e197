import { HashTable } from './HashTable.ts';
import { IntArena } from './IntArena.ts';
import type { KeyedHash } from './KeyedHash.ts';
import { Rows } from './Rows.ts';
import { TextArena } from './TextArena.ts';

/** Cells of an entry's row. Public: a search reads millions of them without a call each. */
export const SHARE = 0;
export const CONTENT = 1;
/** Alive (bit 0), partial (1), generation (2-9), words (10-16), words of the name (17-23), executable (24). */
export const FLAGS = 2;
/** Position of its word numbers in `words`. */
export const WORDS = 3;
const FIELDS = 11;
const PATH = 4;
/** Reference count (bits 0-7): its postings, and 1 while alive. Length of the path (8-17), MODIFIED_HIGH (18-29). */
const LENGTHS = 5;
const NEXT_OF_CONTENT = 6;
const PREVIOUS_OF_CONTENT = 7;
const NEXT_OF_SHARE = 8;
const PREVIOUS_OF_SHARE = 9;
/** Low 32 bits of the modification time in milliseconds. */
const MODIFIED_LOW = 10;

const ALIVE = 1;
const PARTIAL = 2;
const GENERATION_SHIFT = 2;
const WORDS_SHIFT = 10;
const NAME_WORDS_SHIFT = 17;
const EXECUTABLE = 1 << 24;
const LENGTH_SHIFT = 8;
const LENGTH_MASK = 0x3ff;
const MODIFIED_HIGH_SHIFT = 18;
const MODIFIED_HIGH_MASK = 0xfff;
/** Later times are not kept: year 2527. */
const MODIFIED_MAX = 2 ** 44;

/** Hash tags: paths and running downloads share the key with other tables. */
const PATH_TAG = 3;
const PARTIAL_TAG = 4;

export function isAlive(flags: number): boolean {
  return (flags & ALIVE) !== 0;
}
export function isPartial(flags: number): boolean {
  return (flags & PARTIAL) !== 0;
}
export function wordCount(flags: number): number {
  return (flags >> WORDS_SHIFT) & 0x7f;
}
export function nameWordCount(flags: number): number {
  return (flags >> NAME_WORDS_SHIFT) & 0x7f;
}
function generationOf(flags: number): number {
  return (flags >> GENERATION_SHIFT) & 0xff;
}

/** The two linked lists of an entry: entries of the same content, and of the same share. */
export type Chain = 'content' | 'share';

/**
 * Entries of the shares: 44 bytes for a path (or a running download), plus the path and 4 bytes per word. Entries are
 * known by numbers; a number is reused when no reference is left.
 */
export class EntryTable {
  readonly rows = new Rows(FIELDS);
  readonly words = new IntArena();
  readonly #paths = new TextArena();
  readonly #hash: KeyedHash;
  readonly #table = new HashTable((entry) => this.#hashOfEntry(entry));
  readonly #free: number[] = [];
  #limit = 0;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#table.size;
  }

  cell(entry: number, field: number): number {
    return this.rows.get(entry, field);
  }

  pathOf(entry: number): string {
    return this.#paths.text(this.cell(entry, PATH), this.#pathBytes(entry));
  }

  pathStartsWith(entry: number, prefix: Buffer): boolean {
    const bytes = this.#pathBytes(entry);
    return this.#paths.startsWith(this.cell(entry, PATH), bytes, prefix, prefix.length);
  }

  /** The entry of this share with this path (`pathBytes` at the start of `path`), or -1. */
  findPath(share: number, path: Buffer, pathBytes: number): number {
    return this.#table.find(this.#hashOfPath(share, path, pathBytes), (entry) => {
      const bytes = this.#pathBytes(entry);
      return (
        this.cell(entry, SHARE) === share &&
        bytes > 0 &&
        this.#paths.equals(this.cell(entry, PATH), bytes, path, pathBytes)
      );
    });
  }

  /** The running download of this share of this content, or -1. */
  findPartial(share: number, content: number): number {
    return this.#table.find(this.#hashOfPartial(share, content), (entry) => {
      return (
        this.cell(entry, SHARE) === share &&
        this.cell(entry, CONTENT) === content &&
        this.#pathBytes(entry) === 0
      );
    });
  }

  /** Creates an entry without words, in no list. No path (0 bytes): a running download. */
  create(share: number, content: number, path: Buffer, pathBytes: number): number {
    const entry = this.#free.pop() ?? this.#limit++;
    this.rows.reach(entry);
    this.rows.set(entry, SHARE, share);
    this.rows.set(entry, CONTENT, content);
    this.rows.set(entry, FLAGS, pathBytes === 0 ? ALIVE | PARTIAL : ALIVE);
    this.rows.set(entry, PATH, this.#paths.add(path, pathBytes));
    this.rows.set(entry, LENGTHS, (pathBytes << LENGTH_SHIFT) | 1);
    this.#table.add(entry, this.#hashOfEntry(entry));
    return entry;
  }

  /**
   * Sets the words.
   * @param ids - word numbers, those of the name first; each has a posting that refers to this entry
   */
  setWords(entry: number, ids: readonly number[], nameWords: number): void {
    if (ids.length === 0) return;
    const block = this.words.take(ids.length);
    this.words.slab(block).set(ids, this.words.offset(block));
    this.rows.set(entry, WORDS, block);
    const counts = (ids.length << WORDS_SHIFT) | (nameWords << NAME_WORDS_SHIFT);
    this.rows.set(entry, FLAGS, this.cell(entry, FLAGS) | counts);
    this.rows.set(entry, LENGTHS, this.cell(entry, LENGTHS) + ids.length);
  }

  wordsOf(entry: number): Int32Array {
    return this.words.view(this.cell(entry, WORDS), wordCount(this.cell(entry, FLAGS))).slice();
  }

  /** Sets what may change while path and content stay. @param modifiedMs - 0: unknown */
  setDetails(entry: number, modifiedMs: number, executable: boolean): void {
    const known = modifiedMs < MODIFIED_MAX ? Math.floor(modifiedMs) : 0;
    const high = Math.floor(known / 2 ** 32);
    const lengths = this.cell(entry, LENGTHS) & ~(MODIFIED_HIGH_MASK << MODIFIED_HIGH_SHIFT);
    this.rows.set(entry, LENGTHS, lengths | (high << MODIFIED_HIGH_SHIFT));
    this.rows.set(entry, MODIFIED_LOW, known | 0);
    const flags = this.cell(entry, FLAGS) & ~EXECUTABLE;
    this.rows.set(entry, FLAGS, executable ? flags | EXECUTABLE : flags);
  }

  /** Milliseconds since 1970; 0: unknown. */
  modifiedMs(entry: number): number {
    const high = (this.cell(entry, LENGTHS) >>> MODIFIED_HIGH_SHIFT) & MODIFIED_HIGH_MASK;
    return high * 2 ** 32 + (this.cell(entry, MODIFIED_LOW) >>> 0);
  }

  isExecutable(entry: number): boolean {
    return (this.cell(entry, FLAGS) & EXECUTABLE) !== 0;
  }

  generation(entry: number): number {
    return generationOf(this.cell(entry, FLAGS));
  }

  setGeneration(entry: number, generation: number): void {
    const flags = this.cell(entry, FLAGS) & ~(0xff << GENERATION_SHIFT);
    this.rows.set(entry, FLAGS, flags | (generation << GENERATION_SHIFT));
  }

  /** Removes an entry. Its number stays reserved while postings refer to it. */
  kill(entry: number): void {
    this.#table.remove(entry, this.#hashOfEntry(entry));
    this.#paths.release(this.cell(entry, PATH), this.#pathBytes(entry));
    const words = wordCount(this.cell(entry, FLAGS));
    if (words > 0) this.words.release(this.cell(entry, WORDS), words);
    this.rows.set(entry, FLAGS, this.cell(entry, FLAGS) & ~ALIVE);
    this.dropped(entry);
  }

  /** Releases one reference. */
  dropped(entry: number): void {
    const lengths = this.cell(entry, LENGTHS) - 1;
    this.rows.set(entry, LENGTHS, lengths);
    if ((lengths & 0xff) === 0) this.#free.push(entry);
  }

  next(chain: Chain, entry: number): number {
    return this.cell(entry, chain === 'content' ? NEXT_OF_CONTENT : NEXT_OF_SHARE);
  }

  /** Inserts the entry before `first` (-1: an empty list). */
  link(chain: Chain, entry: number, first: number): void {
    const [next, previous] = linksOf(chain);
    this.rows.set(entry, next, first);
    this.rows.set(entry, previous, -1);
    if (first >= 0) this.rows.set(first, previous, entry);
  }

  /** Removes the entry from the list that begins at `first`. @returns the new first entry */
  unlink(chain: Chain, entry: number, first: number): number {
    const [next, previous] = linksOf(chain);
    const after = this.cell(entry, next);
    const before = this.cell(entry, previous);
    if (after >= 0) this.rows.set(after, previous, before);
    if (before >= 0) this.rows.set(before, next, after);
    return before >= 0 ? first : after;
  }

  #pathBytes(entry: number): number {
    return (this.cell(entry, LENGTHS) >>> LENGTH_SHIFT) & LENGTH_MASK;
  }

  #hashOfEntry(entry: number): number {
    const share = this.cell(entry, SHARE);
    const bytes = this.#pathBytes(entry);
    if (bytes === 0) return this.#hashOfPartial(share, this.cell(entry, CONTENT));
    return this.#hashOfPath(share, this.#paths.bytes(this.cell(entry, PATH), bytes), bytes);
  }

  #hashOfPath(share: number, path: Buffer, pathBytes: number): number {
    return this.#hash.start(PATH_TAG).word(share).bytes(path, 0, pathBytes).finish();
  }

  #hashOfPartial(share: number, content: number): number {
    return this.#hash.start(PARTIAL_TAG).word(share).word(content).finish();
  }
}

function linksOf(chain: Chain): readonly [next: number, previous: number] {
  return chain === 'content' ? [NEXT_OF_CONTENT, PREVIOUS_OF_CONTENT] : [NEXT_OF_SHARE, PREVIOUS_OF_SHARE];
}

import type { FileId } from '../../Protocol/Ids.ts';
import { HashTable } from './HashTable.ts';
import type { KeyedHash } from './KeyedHash.ts';
import { Rows } from './Rows.ts';

const ID_CELLS = 8; //   from 0 on
const SIZE_HIGH = 8;
const SIZE_LOW = 9;
const FIRST = 10; //     first entry with this content, -1: none
const ENTRIES = 11; //   number of entries
const FIELDS = 12;

/** Hash tag: other tables share the key. */
const HASH_TAG = 2;

/** Table of contents (FileIds), known by small numbers: 48 bytes each. */
export class ContentTable {
  readonly #hash: KeyedHash;
  readonly #table = new HashTable((content) =>
    this.#hashOf(this.#rows.slab(content), this.#rows.offset(content)),
  );
  readonly #free: number[] = [];
  readonly #wanted = new Int32Array(ID_CELLS);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);
  readonly #rows = new Rows(FIELDS);
  #limit = 0;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Upper bound of the numbers. */
  get limit(): number {
    return this.#limit;
  }

  /** The number of a content, or -1. */
  find(id: FileId): number {
    this.#wantedBytes.write(id, 'hex');
    return this.#table.find(this.#hashOf(this.#wanted, 0), this.#isWanted);
  }

  /** Finds or creates a content. The first claimed size is kept. */
  obtain(id: FileId, size: number): number {
    const found = this.find(id);
    if (found >= 0) return found;
    const content = this.#free.pop() ?? this.#limit++;
    this.#rows.reach(content);
    this.#rows.slab(content)?.set(this.#wanted, this.#rows.offset(content));
    this.#rows.set(content, SIZE_HIGH, Math.floor(size / 2 ** 32));
    this.#rows.set(content, SIZE_LOW, (size % 2 ** 32) | 0);
    this.#rows.set(content, FIRST, -1);
    this.#rows.set(content, ENTRIES, 0);
    this.#table.add(content, this.#hashOf(this.#wanted, 0));
    return content;
  }

  /** Up to `max` contents whose id begins with these hex digits. A linear scan. */
  startingWith(prefix: string, max: number): number[] {
    const found: number[] = [];
    for (let content = 0; content < this.#limit && found.length < max; content++) {
      if (this.entries(content) > 0 && this.idOf(content).startsWith(prefix)) found.push(content);
    }
    return found;
  }

  idOf(content: number): FileId {
    for (let at = 0; at < ID_CELLS; at++) this.#wanted[at] = this.#rows.get(content, at);
    return this.#wantedBytes.toString('hex') as FileId;
  }

  sizeOf(content: number): number {
    return this.#rows.get(content, SIZE_HIGH) * 2 ** 32 + (this.#rows.get(content, SIZE_LOW) >>> 0);
  }

  /** First entry with this content; -1: none. */
  first(content: number): number {
    return this.#rows.get(content, FIRST);
  }

  entries(content: number): number {
    return this.#rows.get(content, ENTRIES);
  }

  /** Records an added or removed entry. A content without entries is removed. */
  changed(content: number, first: number, entriesAdded: number): void {
    const entries = this.entries(content) + entriesAdded;
    this.#rows.set(content, FIRST, first);
    this.#rows.set(content, ENTRIES, entries);
    if (entries > 0) return;
    this.#table.remove(content, this.#hashOf(this.#rows.slab(content), this.#rows.offset(content)));
    this.#free.push(content);
  }

  readonly #isWanted = (content: number): boolean => {
    const cells = this.#rows.slab(content);
    const base = this.#rows.offset(content);
    for (let at = 0; at < ID_CELLS; at++) {
      if (cells?.[base + at] !== this.#wanted[at]) return false;
    }
    return true;
  };

  #hashOf(cells: Int32Array | undefined, base: number): number {
    const hash = this.#hash.start(HASH_TAG);
    for (let at = 0; at < ID_CELLS; at++) hash.word(cells?.[base + at] ?? 0);
    return hash.finish();
  }
}

import type { FileId } from '../../Protocol/Ids.ts';
import { HashTable } from './HashTable.ts';
import { grown } from './IntArena.ts';
import type { KeyedHash } from './KeyedHash.ts';

const ID = 0; //         8 cells
const SIZE_HIGH = 8;
const SIZE_LOW = 9;
const FIRST = 10; //     first of the entries with this content, -1: none
const ENTRIES = 11; //   how many there are
const FIELDS = 12;
const ID_BYTES = 32;

/** Tells contents apart from other things under the same key. */
const HASH_TAG = 2;

/** The contents (FileIds) somebody shares, by small numbers: 48 bytes each. */
export class ContentTable {
  readonly #hash: KeyedHash;
  readonly #table = new HashTable((content) => this.#hashOf(this.#cells, content * FIELDS));
  readonly #free: number[] = [];
  readonly #wanted = new Int32Array(ID_BYTES / 4);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);
  #cells = new Int32Array(64 * FIELDS);
  #limit = 0;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Numbers of contents are below this. */
  get limit(): number {
    return this.#limit;
  }

  /** The number of a content, or -1. */
  find(id: FileId): number {
    this.#wantedBytes.write(id, 'hex');
    return this.#table.find(this.#hashOf(this.#wanted, 0), this.#isWanted);
  }

  /** Finds or makes it. The size is believed from whoever names the content first. */
  obtain(id: FileId, size: number): number {
    const found = this.find(id);
    if (found >= 0) return found;
    const content = this.#free.pop() ?? this.#limit++;
    const base = content * FIELDS;
    if (base + FIELDS > this.#cells.length) this.#cells = grown(this.#cells, base + FIELDS);
    this.#cells.set(this.#wanted, base + ID);
    this.#cells[base + SIZE_HIGH] = Math.floor(size / 2 ** 32);
    this.#cells[base + SIZE_LOW] = (size % 2 ** 32) | 0;
    this.#cells[base + FIRST] = -1;
    this.#cells[base + ENTRIES] = 0;
    this.#table.add(content, this.#hashOf(this.#wanted, 0));
    return content;
  }

  /** Up to `max` contents whose id begins with these hex digits. Looks at all of them. */
  startingWith(prefix: string, max: number): number[] {
    const found: number[] = [];
    for (let content = 0; content < this.#limit && found.length < max; content++) {
      if (this.entries(content) > 0 && this.idOf(content).startsWith(prefix)) found.push(content);
    }
    return found;
  }

  idOf(content: number): FileId {
    const base = content * FIELDS;
    this.#wanted.set(this.#cells.subarray(base, base + ID_BYTES / 4));
    return this.#wantedBytes.toString('hex') as FileId;
  }

  sizeOf(content: number): number {
    const base = content * FIELDS;
    return (this.#cells[base + SIZE_HIGH] ?? 0) * 2 ** 32 + ((this.#cells[base + SIZE_LOW] ?? 0) >>> 0);
  }

  /** The first entry with this content, -1 when there is none. */
  first(content: number): number {
    return this.#cells[content * FIELDS + FIRST] ?? -1;
  }

  entries(content: number): number {
    return this.#cells[content * FIELDS + ENTRIES] ?? 0;
  }

  /** Takes note of an added or removed entry; a content without entries is forgotten. */
  changed(content: number, first: number, entriesAdded: number): void {
    const base = content * FIELDS;
    const entries = this.entries(content) + entriesAdded;
    this.#cells[base + FIRST] = first;
    this.#cells[base + ENTRIES] = entries;
    if (entries > 0) return;
    this.#table.remove(content, this.#hashOf(this.#cells, base));
    this.#free.push(content);
  }

  readonly #isWanted = (content: number): boolean => {
    const base = content * FIELDS;
    for (let at = 0; at < ID_BYTES / 4; at++) {
      if (this.#cells[base + at] !== this.#wanted[at]) return false;
    }
    return true;
  };

  #hashOf(cells: Int32Array, base: number): number {
    const hash = this.#hash.start(HASH_TAG);
    for (let at = 0; at < ID_BYTES / 4; at++) hash.word(cells[base + at] ?? 0);
    return hash.finish();
  }
}

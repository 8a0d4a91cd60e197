import type { FileId } from '../../Protocol/Ids.ts';
import { Rows } from './Rows.ts';
import { SortedNumbers } from './SortedNumbers.ts';

const ID_CELLS = 8; //   from 0 on, big-endian
const SIZE_HIGH = 8;
const SIZE_LOW = 9;
const FIRST = 10; //     first entry with this content, -1: none
const ENTRIES = 11; //   number of entries
const FIELDS = 12;
const ID_DIGITS = 64;

/** Table of contents (FileIds), known by small numbers and sorted by id: 48 bytes each, and 4 to 8 for the order. */
export class ContentTable {
  readonly #sorted = new SortedNumbers((one, other) => this.#compare(one, other) < 0);
  readonly #free: number[] = [];
  readonly #wanted = new Int32Array(ID_CELLS);
  readonly #bytes = Buffer.alloc(ID_CELLS * 4);
  readonly #rows = new Rows(FIELDS);
  readonly #isBeforeWanted = (content: number): boolean => this.#compareWanted(content) < 0;
  #limit = 0;

  get size(): number {
    return this.#sorted.size;
  }

  /** Upper bound of the numbers. */
  get limit(): number {
    return this.#limit;
  }

  /** The number of a content, or -1. @param likely - its number, if it has not changed */
  find(id: FileId, likely = -1): number {
    this.#want(id);
    const isThere = likely >= 0 && this.#compareWanted(likely) === 0 && this.entries(likely) > 0;
    if (isThere) return likely;
    const content = this.#sorted.first(this.#isBeforeWanted);
    return content >= 0 && this.#compareWanted(content) === 0 ? content : -1;
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
    this.#sorted.add(content);
    return content;
  }

  /** Up to `max` contents whose id begins with these hex digits. */
  startingWith(prefix: string, max: number): number[] {
    this.#want(prefix.padEnd(ID_DIGITS, '0'));
    return this.#sorted.from(this.#isBeforeWanted, (content) => this.idOf(content).startsWith(prefix), max);
  }

  idOf(content: number): FileId {
    for (let at = 0; at < ID_CELLS; at++) this.#bytes.writeInt32BE(this.#rows.get(content, at), at * 4);
    return this.#bytes.toString('hex') as FileId;
  }

  /** The first 40 bits of an id, as a number. */
  startOfId(content: number): number {
    const cells = this.#rows.slab(content);
    const base = this.#rows.offset(content);
    return ((cells?.[base] ?? 0) >>> 0) * 256 + ((cells?.[base + 1] ?? 0) >>> 24);
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
    this.#sorted.remove(content);
    this.#free.push(content);
  }

  #want(id: string): void {
    this.#bytes.write(id, 'hex');
    for (let at = 0; at < ID_CELLS; at++) this.#wanted[at] = this.#bytes.readInt32BE(at * 4);
  }

  /** Negative: the content's id is below the wanted one. */
  #compareWanted(content: number): number {
    const cells = this.#rows.slab(content);
    const base = this.#rows.offset(content);
    for (let at = 0; at < ID_CELLS; at++) {
      const difference = ((cells?.[base + at] ?? 0) >>> 0) - ((this.#wanted[at] ?? 0) >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #compare(one: number, other: number): number {
    for (let at = 0; at < ID_CELLS; at++) {
      const difference = (this.#rows.get(one, at) >>> 0) - (this.#rows.get(other, at) >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

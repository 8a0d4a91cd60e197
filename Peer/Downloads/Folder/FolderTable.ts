import type { FileId } from '../../../Protocol/Ids.ts';
import { type PagePaths, writePath } from '../../../Shared/Paths/PagePaths.ts';
import type { FileAttributes, FileHolder } from '../../Model.ts';
import type { FolderFile } from '../../Storage.ts';

/** Rows of one page, as a power of two. A page is allocated whole, so that growth copies nothing. */
const PAGE_BITS = 12;
const PAGE_ROWS = 1 << PAGE_BITS;
const ID_BYTES = 32;
/** 32-bit words of an id. */
export const ID_WORDS = ID_BYTES / 4;
const EXECUTABLE = 1;
const EMPTY_PATHS = Buffer.alloc(0);
/** Place of each column in the memory of a page. The paths come last: longer ones than these get memory of their own. */
const SIZES_AT = ID_BYTES * PAGE_ROWS;
const MODIFIED_AT = SIZES_AT + 8 * PAGE_ROWS;
const ENDS_AT = MODIFIED_AT + 8 * PAGE_ROWS;
const HOLDERS_AT = ENDS_AT + 4 * PAGE_ROWS;
const FLAGS_AT = HOLDERS_AT + 2 * PAGE_ROWS;
const PATHS_AT = FLAGS_AT + PAGE_ROWS;
const PAGE_BYTES = PATHS_AT + 96 * PAGE_ROWS;

/** Columns of PAGE_ROWS files. */
interface Page extends PagePaths {
  /** Of all columns. */
  readonly memory: ArrayBuffer;
  readonly ids: Buffer;
  /** The same ids. */
  readonly words: Int32Array;
  readonly sizes: Float64Array;
  /** NaN: unknown. */
  readonly modifiedMs: Float64Array;
  readonly flags: Uint8Array;
  /** Index into the sets of holders. */
  readonly holders: Uint16Array;
  /** End of each path in `paths`. */
  readonly ends: Uint32Array;
}

/** Distinct sets of holders in a table; files beyond them have none, and are located. */
const SETS_MAX = 65_535;

/**
 * The files of a folder in columns, by row: 55 bytes and the path for each, where an object and its strings take 300.
 */
export class FolderTable implements Iterable<FolderFile> {
  #pages: Page[] = [];
  /** Bytes left out at the start of each path. */
  #skipped = 0;
  readonly #sets: (readonly FileHolder[])[] = [[]];
  readonly #setsByPeers = new Map<string, number>();
  #lastSet = 0;
  #length = 0;
  #sizeMax = 0;

  /** The files as a table: themselves if they are one. */
  static of(files: Iterable<FolderFile>): FolderTable {
    if (files instanceof FolderTable) return files;
    const table = new FolderTable();
    for (const file of files) table.add(file);
    return table;
  }

  /**
   * A table of the same rows, in the same memory.
   * @param skipped - bytes left out at the start of each path
   * @param holders - of every file
   */
  sharedBy(holders: readonly FileHolder[], skipped: number): FolderTable {
    const table = new FolderTable();
    table.#pages = this.#pages;
    table.#length = this.#length;
    table.#sizeMax = this.#sizeMax;
    table.#skipped = skipped;
    table.#sets[0] = holders;
    return table;
  }

  get length(): number {
    return this.#length;
  }

  /** Size of the largest file. */
  get sizeMax(): number {
    return this.#sizeMax;
  }

  add({ fileId, size, path, holders, modifiedMs, executable }: FolderFile): void {
    const row = this.#length++;
    const at = row & (PAGE_ROWS - 1);
    if (at === 0) this.#addPage();
    const page = this.#page(row);
    page.ids.write(fileId, at * ID_BYTES, 'hex');
    page.sizes[at] = size;
    if (size > this.#sizeMax) this.#sizeMax = size;
    page.modifiedMs[at] = modifiedMs ?? Number.NaN;
    page.flags[at] = executable === true ? EXECUTABLE : 0;
    page.holders[at] = this.#setOf(holders);
    page.ends[at] = writePath(page, at === 0 ? 0 : (page.ends[at - 1] ?? 0), path);
  }

  sizeOf(row: number): number {
    return this.#pages[row >>> PAGE_BITS]?.sizes[row & (PAGE_ROWS - 1)] ?? 0;
  }

  fileIdOf(row: number): FileId {
    const at = (row & (PAGE_ROWS - 1)) * ID_BYTES;
    return this.#page(row).ids.toString('hex', at, at + ID_BYTES) as FileId;
  }

  /** The ids of the page of a row, as words; that of the row itself begins at `idAt(row)`. */
  idWords(row: number): Int32Array {
    return this.#page(row).words;
  }

  pathOf(row: number): string {
    const { ends, paths } = this.#page(row);
    const at = row & (PAGE_ROWS - 1);
    const start = at === 0 ? 0 : (ends[at - 1] ?? 0);
    return paths.toString('utf8', start + this.#skipped, ends[at]);
  }

  isFolder(row: number): boolean {
    const { ends, paths } = this.#page(row);
    return paths[(ends[row & (PAGE_ROWS - 1)] ?? 0) - 1] === 0x2f;
  }

  holdersOf(row: number): readonly FileHolder[] {
    return this.#sets[this.setOf(row)] ?? [];
  }

  /** Number of the set of holders: rows with the same number have the same holders. */
  setOf(row: number): number {
    return this.#pages[row >>> PAGE_BITS]?.holders[row & (PAGE_ROWS - 1)] ?? 0;
  }

  /** Notes an earlier time for a file. */
  dateAt(row: number, modifiedMs: number): void {
    this.#page(row).modifiedMs[row & (PAGE_ROWS - 1)] = modifiedMs;
  }

  attributesOf(row: number): FileAttributes {
    const page = this.#page(row);
    const at = row & (PAGE_ROWS - 1);
    const ms = page.modifiedMs[at];
    const modifiedMs = Number.isNaN(ms) ? undefined : ms;
    return ((page.flags[at] ?? 0) & EXECUTABLE) === 0 ? { modifiedMs } : { modifiedMs, executable: true };
  }

  fileAt(row: number): FolderFile {
    return {
      fileId: this.fileIdOf(row),
      size: this.sizeOf(row),
      path: this.pathOf(row),
      holders: this.holdersOf(row),
      ...this.attributesOf(row),
    };
  }

  *paths(): Generator<string> {
    for (let row = 0; row < this.#length; row++) yield this.pathOf(row);
  }

  *[Symbol.iterator](): Generator<FolderFile> {
    for (let row = 0; row < this.#length; row++) yield this.fileAt(row);
  }

  /** Drops all rows, also of the table that has them in the same memory. */
  release(): void {
    for (const page of this.#pages) {
      page.memory.resize(0);
      page.paths = EMPTY_PATHS;
    }
    this.#pages = [];
    this.#length = 0;
  }

  #page(row: number): Page {
    const page = this.#pages[row >>> PAGE_BITS];
    if (page === undefined) throw new RangeError(`no row ${row} of ${this.#length}`);
    return page;
  }

  #addPage(): void {
    // Resizable memory is mapped: it is the system's again when it is released, and what is not written takes none.
    const memory = new ArrayBuffer(PAGE_BYTES, { maxByteLength: PAGE_BYTES });
    this.#pages.push({
      memory,
      ids: Buffer.from(memory, 0, SIZES_AT),
      words: new Int32Array(memory, 0, ID_WORDS * PAGE_ROWS),
      sizes: new Float64Array(memory, SIZES_AT, PAGE_ROWS),
      modifiedMs: new Float64Array(memory, MODIFIED_AT, PAGE_ROWS),
      ends: new Uint32Array(memory, ENDS_AT, PAGE_ROWS),
      holders: new Uint16Array(memory, HOLDERS_AT, PAGE_ROWS),
      flags: new Uint8Array(memory, FLAGS_AT, PAGE_ROWS),
      paths: Buffer.from(memory, PATHS_AT),
    });
  }

  #setOf(holders: readonly FileHolder[]): number {
    // Consecutive files mostly share the list itself.
    if (this.#sets[this.#lastSet] === holders) return this.#lastSet;
    const key = holders.map(({ peerId }) => peerId).join(' ');
    const known = key === '' ? 0 : this.#setsByPeers.get(key);
    if (known === undefined && this.#sets.length > SETS_MAX) return 0;
    this.#lastSet = known ?? this.#sets.push(holders) - 1;
    if (known === undefined) this.#setsByPeers.set(key, this.#lastSet);
    return this.#lastSet;
  }
}

/** Position of the id of a row in `idWords`. */
export function idAt(row: number): number {
  return (row & (PAGE_ROWS - 1)) * ID_WORDS;
}

/** The words of an id. */
export function idWordsOf(fileId: FileId): Int32Array {
  return new Int32Array(Uint8Array.from(Buffer.from(fileId, 'hex')).buffer);
}

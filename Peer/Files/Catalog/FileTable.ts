import type { FileId } from '../../../Protocol/Ids.ts';
import type { CatalogEntry, FileSummary } from '../../Model.ts';
import type { FileState } from '../Disk/FileState.ts';
import { modifiedMsOf, stateOfColumns } from '../Disk/FileState.ts';
import { hashOfPath } from './PathHash.ts';
import { COLUMN_GROWTH, RowChains } from './RowChains.ts';

/** Columns of one row. */
const ID_BYTES = 32;
/** Rows of the first allocation. */
const FIRST_ROWS = 1_024;

/** Marks of a row, as bits. */
export const SHARED = 1;
/** The hash of an earlier run, or of a removed file: the file may reappear under this or another name. */
export const REMEMBERED = 2;
/** Part of the sorted order; see SortedRows. */
export const SORTED = 4;
const EXECUTABLE = 8;

/**
 * Hashed files in columns, one row a path: its state on disk and its content. A million files take about 300 MB with
 * the indexes by path, by content id and by inode; docs/Decisions/0013-a-million-shared-files.md.
 */
export class FileTable {
  readonly #paths: string[] = [];
  readonly #free: number[] = [];
  readonly #devices: string[] = [];
  readonly #byPath = new RowChains((row) => hashOfPath(this.#paths[row] ?? ''));
  readonly #byId = new RowChains((row) => idHash(this.#ids, row * ID_BYTES));
  readonly #byInode = new RowChains((row) => hashOfInode(this.#inodes[row] ?? 0n));
  /** The id that is looked up. */
  readonly #wanted = Buffer.alloc(ID_BYTES);
  #ids = Buffer.alloc(0);
  #marks = new Uint8Array(0);
  #deviceOf = new Uint16Array(0);
  #sizes = new Float64Array(0);
  #inodes = new BigUint64Array(0);
  #mtimes = new BigInt64Array(0);
  #ctimes = new BigInt64Array(0);

  /** One more than the highest row ever used. */
  get end(): number {
    return this.#paths.length;
  }

  rowOf(path: string): number | undefined {
    let row = this.#byPath.first(hashOfPath(path));
    while (row !== undefined && this.#paths[row] !== path) row = this.#byPath.next(row);
    return row;
  }

  /** Path of a row, the same string at every call; '' for a row not in use. */
  path(row: number): string {
    return this.#paths[row] ?? '';
  }

  has(row: number, mark: number): boolean {
    return ((this.#marks[row] ?? 0) & mark) !== 0;
  }

  countOf(mark: number): number {
    return this.#marks.reduce((count, marks) => count + ((marks & mark) === 0 ? 0 : 1), 0);
  }

  mark(row: number, mark: number): void {
    this.#marks[row] = (this.#marks[row] ?? 0) | mark;
  }

  unmark(row: number, mark: number): void {
    this.#marks[row] = (this.#marks[row] ?? 0) & ~mark;
  }

  /** Inserts a path, or replaces state and content of its row. Marks stay, also of a replaced one. @returns the row */
  put(path: string, state: FileState, fileId: FileId): number {
    let row = this.rowOf(path);
    if (row === undefined) row = this.#newRow(path);
    else this.#unlink(row);
    this.#ids.write(fileId, row * ID_BYTES, ID_BYTES, 'hex');
    this.#setState(row, state);
    this.#byId.add(row);
    this.#byInode.add(row);
    return row;
  }

  /** Replaces the state of a row by one of the same content: inode, size and mtime are equal. */
  restate(row: number, state: FileState): void {
    this.#ctimes[row] = state.ctimeNs;
    this.#deviceOf[row] = this.#deviceNumber(state.device);
    this.#setExecutable(row, state);
  }

  /** Gives a row that is not shared another path, which no row has. */
  rename(row: number, path: string): void {
    this.#byPath.remove(row);
    this.#paths[row] = path;
    this.#byPath.add(row);
  }

  remove(row: number): void {
    this.#unlink(row);
    this.#byPath.remove(row);
    this.#paths[row] = '';
    this.#marks[row] = 0;
    this.#free.push(row);
  }

  size(row: number): number {
    return this.#sizes[row] ?? 0;
  }

  fileId(row: number): FileId {
    return this.#ids.toString('hex', row * ID_BYTES, (row + 1) * ID_BYTES) as FileId;
  }

  /** Shared rows whose content id begins with these hex digits, at least 8 of them. */
  *withIdStart(digits: string): Generator<number> {
    let row = this.#byId.first(Number.parseInt(digits.slice(0, 8), 16));
    for (; row !== undefined; row = this.#byId.next(row))
      if (this.has(row, SHARED) && this.fileId(row).startsWith(digits)) yield row;
  }

  entry(row: number): CatalogEntry {
    return this.#entry(row, this.fileId(row));
  }

  /** Entries of many rows. Of most of the table, the ids are decoded in one piece: half of the time. */
  entries(rows: Int32Array): CatalogEntry[] {
    if (rows.length < this.end / 4) return Array.from(rows, (row) => this.entry(row));
    const ids = this.#ids.toString('hex', 0, this.end * ID_BYTES);
    const digits = 2 * ID_BYTES;
    return Array.from(rows, (row) => this.#entry(row, ids.slice(row * digits, (row + 1) * digits) as FileId));
  }

  state(row: number): FileState {
    return stateOfColumns(
      this.has(row, EXECUTABLE),
      this.size(row),
      this.#devices[this.#deviceOf[row] ?? 0] ?? '',
      this.#inodes[row] ?? 0n,
      this.#mtimes[row] ?? 0n,
      this.#ctimes[row] ?? 0n,
    );
  }

  /** Whether a row has this state, as sameState compares it. */
  isSame(row: number, state: FileState): boolean {
    return this.#devices[this.#deviceOf[row] ?? 0] === state.device && this.isSameAsBefore(row, state);
  }

  /** The same without the device number. */
  isSameAsBefore(row: number, state: FileState): boolean {
    return this.#ctimes[row] === state.ctimeNs && this.#isSameContent(row, state);
  }

  /** Row of the file that was last put with this inode, size and mtime: the same file, perhaps under a former name. */
  withContentOf(state: FileState): number | undefined {
    let row = this.#byInode.first(hashOfInode(state.inode));
    while (row !== undefined && !this.#isSameContent(row, state)) row = this.#byInode.next(row);
    return row;
  }

  /** A shared row with this content id: the first of `withId`. */
  rowWithId(fileId: FileId): number | undefined {
    if (this.#wanted.write(fileId, 'hex') !== ID_BYTES) return undefined;
    return this.#sharedWith(this.#wanted, this.#byId.first(idHash(this.#wanted, 0)));
  }

  /** Shared rows with this content id. */
  *withId(fileId: FileId): Generator<number> {
    const wanted = Buffer.from(fileId, 'hex');
    let row = this.rowWithId(fileId);
    for (; row !== undefined; row = this.#sharedWith(wanted, this.#byId.next(row))) yield row;
  }

  summary(row: number): FileSummary {
    return {
      path: this.path(row),
      size: this.size(row),
      modifiedMs: modifiedMsOf(this.#mtimes[row] ?? 0n),
    };
  }

  #entry(row: number, fileId: FileId): CatalogEntry {
    const entry = {
      path: this.path(row),
      size: this.size(row),
      modifiedMs: modifiedMsOf(this.#mtimes[row] ?? 0n),
      fileId,
    };
    return this.has(row, EXECUTABLE) ? { ...entry, executable: true } : entry;
  }

  /** The first shared row with this id from a row of its chain on. */
  #sharedWith(id: Buffer, first: number | undefined): number | undefined {
    let row = first;
    for (; row !== undefined; row = this.#byId.next(row)) {
      const at = row * ID_BYTES;
      if (this.has(row, SHARED) && this.#ids.compare(id, 0, ID_BYTES, at, at + ID_BYTES) === 0) return row;
    }
    return undefined;
  }

  #isSameContent(row: number, { inode, size, mtimeNs }: FileState): boolean {
    return (
      this.#inodes[row] === BigInt.asUintN(64, inode) &&
      this.#sizes[row] === size &&
      this.#mtimes[row] === mtimeNs
    );
  }

  #setState(row: number, state: FileState): void {
    this.#sizes[row] = state.size;
    this.#inodes[row] = state.inode;
    this.#mtimes[row] = state.mtimeNs;
    this.restate(row, state);
  }

  #setExecutable(row: number, { executable }: FileState): void {
    if (executable) this.mark(row, EXECUTABLE);
    else this.unmark(row, EXECUTABLE);
  }

  /** Nearly all files are on one device, so the list of devices is short. */
  #deviceNumber(device: string): number {
    const known = this.#devices.indexOf(device);
    return known >= 0 ? known : this.#devices.push(device) - 1;
  }

  #newRow(path: string): number {
    const row = this.#free.pop() ?? this.#paths.length;
    this.#paths[row] = path;
    this.#byPath.add(row);
    if (row >= this.#marks.length) this.#grow();
    return row;
  }

  #unlink(row: number): void {
    this.#byId.remove(row);
    this.#byInode.remove(row);
  }

  #grow(): void {
    const rows = Math.max(FIRST_ROWS, COLUMN_GROWTH * this.#marks.length);
    const ids = Buffer.alloc(rows * ID_BYTES);
    this.#ids.copy(ids);
    this.#ids = ids;
    this.#marks = copied(this.#marks, new Uint8Array(rows));
    this.#deviceOf = copied(this.#deviceOf, new Uint16Array(rows));
    this.#sizes = copied(this.#sizes, new Float64Array(rows));
    this.#inodes = copied(this.#inodes, new BigUint64Array(rows));
    this.#mtimes = copied(this.#mtimes, new BigInt64Array(rows));
    this.#ctimes = copied(this.#ctimes, new BigInt64Array(rows));
  }
}

function copied<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

/**
 * First 32 bits of an id, so that a prefix of 8 hex digits finds its chain. Ids are BLAKE3 hashes: an
 * attacker needs 2^32 hashes for each further id of a chain.
 */
function idHash(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at);
}

/**
 * Mixes an inode number: neighbouring inodes differ in their low bits only, those of network disks in the high ones.
 */
function hashOfInode(inode: bigint): number {
  const low = Number(BigInt.asUintN(32, inode));
  const high = Number(BigInt.asUintN(32, inode >> 32n));
  return Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 7;
}

import { fileIdOf, isOneChunk } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { limitHeapOf } from '../../../Shared/Program/HeapGrowth.ts';
import type { Random } from '../../../Shared/Time/Clock.ts';
import type { FileAttributes, FileHolder } from '../../Model.ts';
import type { FolderFile } from '../../Storage.ts';
import { ContentIndex } from './ContentIndex.ts';
import { FolderTable, idAt, idWordsOf } from './FolderTable.ts';

/** States of a content, in ascending order of progress; kept as one byte a row. */
export const STATE = {
  wanted: 0,
  /** Its bytes are being verified and written. */
  installing: 1,
  /** Verified and written; it gets its name soon. */
  verified: 2,
  failed: 3,
  done: 4,
} as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** The content without bytes. */
const EMPTY = fileIdOf(0, []);
const [EMPTY_WORD] = idWordsOf(EMPTY);

/**
 * The files of a folder download and their state, by row. A content that is wanted at several paths has the row of the
 * first of them; the others are its twins, and copies.
 */
export class FolderFiles {
  readonly #table: FolderTable;
  readonly #index: ContentIndex;
  readonly #states: Uint8Array;
  /** 1: complete at its path. */
  readonly #placed: Uint8Array;
  /** Path of the folder until it is complete, in the place of the first folder of each path. */
  readonly incomplete: string | undefined;
  readonly #folders: number[] = [];
  /** Rows whose content an earlier row has, and rows of folders. */
  readonly #notFirst: Uint8Array;
  /** Holders that were found after the listing. */
  readonly #found = new Map<number, FileHolder[]>();
  /** Number of files. */
  readonly count: number;
  /** Bytes of all files. */
  readonly size: number;

  constructor(files: Iterable<FolderFile>, incomplete: string | undefined, random: Random) {
    const table = FolderTable.of(files);
    this.#table = table;
    this.incomplete = incomplete;
    this.#index = new ContentIndex(table, random);
    this.#states = new Uint8Array(table.length);
    this.#placed = new Uint8Array(table.length);
    this.#notFirst = new Uint8Array(table.length);
    let size = 0;
    for (let row = 0; row < table.length; row++) {
      const isFolder = table.isFolder(row);
      if (isFolder) this.#folders.push(row);
      else size += table.sizeOf(row);
      if (isFolder || !this.#index.add(row)) this.#notFirst[row] = 1;
    }
    this.count = table.length - this.#folders.length;
    this.size = size;
    limitHeapOf(this.count);
  }

  /** The first row of each content. */
  *contents(): Generator<number> {
    for (let row = 0; row < this.#table.length; row++) if (this.#notFirst[row] === 0) yield row;
  }

  /** All rows of a content: the first, then its twins. */
  *rowsOf(first: number): Generator<number> {
    yield first;
    yield* this.#index.twinsOf(first);
  }

  hasTwins(first: number): boolean {
    return this.#index.hasTwins(first);
  }

  /** Paths of all files. */
  *paths(): Generator<string> {
    for (const first of this.contents()) for (const row of this.rowsOf(first)) yield this.pathOf(row);
  }

  /** To be created, and to be given their times, after the last file. */
  *folders(): Generator<FolderFile> {
    for (const row of this.#folders) yield this.fileAt(row);
  }

  find(fileId: FileId): number | undefined {
    return this.#index.find(fileId);
  }

  fileIdOf(row: number): FileId {
    return this.#table.fileIdOf(row);
  }

  sizeOf(row: number): number {
    return this.#table.sizeOf(row);
  }

  /** Path on the disk of this peer, relative to the share. */
  pathOf(row: number): string {
    const path = this.#table.pathOf(row);
    if (this.incomplete === undefined) return path;
    const slash = path.indexOf('/');
    return slash < 0 ? this.incomplete : this.incomplete + path.slice(slash);
  }

  /** A text about a file, with its path in the complete folder instead of that on the disk. */
  withFinalPath(text: string): string {
    if (this.incomplete === undefined) return text;
    const [folder = ''] = this.#table.pathOf(0).split('/');
    return text.replace(`${this.incomplete}/`, () => `${folder}/`);
  }

  attributesOf(row: number): FileAttributes {
    return this.#table.attributesOf(row);
  }

  /** The file with its path on the disk of this peer. */
  fileAt(row: number): FolderFile {
    const file = this.#table.fileAt(row);
    if (this.incomplete === undefined && this.#found.size === 0) return file;
    return { ...file, path: this.pathOf(row), holders: this.holdersOf(row) };
  }

  holdersOf(row: number): readonly FileHolder[] {
    const found = this.#found.get(row);
    return found === undefined ? this.#table.holdersOf(row) : [...this.#table.holdersOf(row), ...found];
  }

  /** As FolderTable.setOf: without the holders of `addHolder`. */
  setOf(row: number): number {
    return this.#table.setOf(row);
  }

  /** Rows that got holders after the listing. */
  get foundRows(): Iterable<number> {
    return this.#found.keys();
  }

  addHolder(row: number, holder: FileHolder): void {
    if (this.holdersOf(row).some(({ peerId }) => peerId === holder.peerId)) return;
    const found = this.#found.get(row);
    if (found === undefined) this.#found.set(row, [holder]);
    else found.push(holder);
  }

  /** Forgets the files, whose memory is free then; their number and size stay. */
  release(): void {
    this.#index.clear();
    this.#table.release();
  }

  stateOf(row: number): State {
    return (this.#states[row] ?? STATE.wanted) as State;
  }

  setState(row: number, state: State): void {
    this.#states[row] = state;
  }

  isPlaced(row: number): boolean {
    return this.#placed[row] === 1;
  }

  place(row: number): void {
    this.#placed[row] = 1;
  }

  /** Way to fetch a content, by its listed size: one that is falsely listed as empty is described first. */
  kindOf(row: number): 'empty' | 'small' | 'large' {
    // Nearly all ids differ in their first bytes: no text is made of them.
    if (this.#table.idWords(row)[idAt(row)] === EMPTY_WORD && this.fileIdOf(row) === EMPTY) return 'empty';
    const size = this.sizeOf(row);
    return size > 0 && isOneChunk(size) ? 'small' : 'large';
  }
}

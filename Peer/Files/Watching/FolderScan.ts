import { accessSync, constants } from 'node:fs';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import { inside, joinPath, splitPath } from '../Disk/Paths.ts';
import { stateAt } from '../Disk/StateRows.ts';
import { FolderWalk, INVALID, kindOf, type LeftOut, type Listing, leftOutBy, lstatOf } from './FolderWalk.ts';
import { namesIn, type ShareTree } from './ShareTree.ts';
import type { WalkFolders } from './ThreadWalk.ts';

/** Results of a scan. Paths are relative to the share. */
export interface ScanEvents {
  /** A regular file that may be shared exists in this state. Repeated at every check. */
  found(path: string, state: FileState): void;
  /** A file found earlier no longer exists or may no longer be shared. */
  gone(path: string): void;
  /** A file or folder cannot be read or shared. */
  problem(path: string, reason: string): void;
  /** The problem reported for this path no longer exists. */
  resolved(path: string): void;
  /** A name is left out by rule. */
  ignored(path: string, reason: string): void;
  /** All names of a folder were looked at: no other has a problem or is ignored. A missing folder has none. */
  listed(folder: string, names: () => ReadonlySet<string>): void;
  /** A folder cannot be read now, but may be later. */
  unreadable(folder: string): void;
}

export interface FolderScanOptions {
  /** Share folder, absolute, free of symbolic links. */
  readonly root: string;
  readonly clock: Clock;
  /** Names found so far; updated by the scan. */
  readonly tree: ShareTree;
  readonly events: ScanEvents;
  /** Reads the folders of a large share in a thread. Undefined: the calling thread reads all. */
  readonly walk?: WalkFolders | undefined;
  /** Files of a scan after which `walk` reads the remaining folders. Default: INLINE_FILES. */
  readonly inlineFiles?: number;
}

/** The program has no descriptor or memory now: nothing is known about the folder. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR']);
const NO_NAMES: ReadonlySet<string> = new Set();

/** Longest time the scan holds the thread. Names and stats are read synchronously, which is 5 times cheaper. */
const SLICE_MAX_MS = 8;
/** Files that take about as long as the start of a thread. */
const INLINE_FILES = 10_000;

/** Scans folders and files of the share, and reports the differences from the names found so far. */
export class FolderScan {
  readonly #options: FolderScanOptions;
  #sliceEndMs = 0;
  /** The next scan of the whole share, which a thread has begun. */
  #ahead: AsyncIterable<Listing> | undefined;

  constructor(options: FolderScanOptions) {
    this.#options = options;
  }

  /** Begins to read the whole share in a thread, for the next scan. @param signal - that of the scan */
  readAhead(signal: AbortSignal): void {
    if (!signal.aborted) this.#ahead ??= this.#options.walk?.(this.#options.root, [''], signal);
  }

  /**
   * Lists a folder and everything below it.
   * @param signal - aborts the scan early
   */
  async scanFolder(path: string, signal: AbortSignal): Promise<void> {
    for await (const listing of this.#listings(path, signal)) {
      if (signal.aborted) return;
      await this.#take(listing, signal);
    }
  }

  /** Checks one path: a file, a folder not known before (which is listed), or nothing any more. */
  async checkPath(path: string, signal: AbortSignal): Promise<void> {
    const { root, tree } = this.#options;
    const [folder, name] = splitPath(path);
    // The name on disk is not the one that Node reports: only a listing shows whether it is there.
    if (name.includes(INVALID)) return this.scanFolder(folder, signal);
    const stats = lstatOf(inside(root, path));
    const leftOut = stats && leftOutBy(folder, name, kindOf(stats));
    if (leftOut === undefined && stats?.isDirectory()) {
      this.#removeFile(path);
      // A known folder may have become unreadable: its listing reports that.
      if (!tree.hasFolder(path) || !isReadable(inside(root, path))) await this.scanFolder(path, signal);
      return;
    }
    if (tree.hasFolder(path)) this.#removeFolder(path);
    if (leftOut === undefined && stats?.isFile()) {
      tree.addFile(folder, name);
      this.#options.events.found(path, fileState(stats));
    } else this.#removeFile(path);
    if (leftOut !== undefined) this.#report(path, leftOut);
    if (this.#isSliceOver()) await this.#yield();
  }

  /** Drops everything found so far: the share folder itself is gone. */
  forgetAll(): void {
    this.#removeFolder('');
  }

  async *#listings(path: string, signal: AbortSignal): AsyncGenerator<Listing> {
    const { root, inlineFiles = INLINE_FILES } = this.#options;
    // A thread for a folder alone takes 30 MB, and nobody waits for its scan.
    const walk = path === '' ? this.#options.walk : undefined;
    const ahead = path === '' ? this.#ahead : undefined;
    if (ahead !== undefined) {
      this.#ahead = undefined;
      yield* ahead;
      return;
    }
    const inline = new FolderWalk(root, [path]);
    let files = 0;
    for (const listing of inline.listings()) {
      if (signal.aborted) return;
      if (this.#isSliceOver()) await this.#yield();
      if (listing === undefined) continue;
      yield listing;
      files += listing.files;
      if (files < inlineFiles || inline.pending.length === 0 || walk === undefined || signal.aborted)
        continue;
      yield* walk(root, inline.pending, signal);
      return;
    }
  }

  /** Brings the known names of a folder up to date, and reports its files. */
  async #take(listing: Listing, signal: AbortSignal): Promise<void> {
    const { folder, failure, states, folders, leftOut } = listing;
    const { tree, events } = this.#options;
    if (failure !== undefined) {
      this.#failed(folder, failure);
      return;
    }
    tree.addFolder(folder);
    events.resolved(folder);
    const since = this.#addedSince(folder, listing.names);
    const names = since.length === 0 ? listing.names : [...namesIn(listing.names), ...since].join('/');
    const below = new Set(folders);
    for (const name of tree.foldersIn(folder))
      if (!below.has(name) && this.#kindAt(folder, name) !== 'folder')
        this.#removeFolder(joinPath(folder, name));
    tree.setFiles(folder, names);
    events.listed(folder, () => new Set([...namesIn(names), ...folders, ...leftOut.map(({ name }) => name)]));
    for (const { name, ...each } of leftOut) this.#report(joinPath(folder, name), each);
    let row = 0;
    for (const name of namesIn(listing.names)) {
      if (signal.aborted) return;
      events.found(joinPath(folder, name), stateAt(states, row++));
      // An await per file would cost a tenth of the scan.
      if (this.#isSliceOver()) await this.#yield();
    }
  }

  /** Removes the files of a folder that are not listed, except for those that came since, as a finished download. */
  #addedSince(folder: string, listed: string): string[] {
    const known = this.#options.tree.filesIn(folder);
    const names = new Set(known.length === 0 ? [] : namesIn(listed));
    const added: string[] = [];
    for (const name of known) {
      if (names.has(name)) continue;
      if (this.#kindAt(folder, name) === 'file') added.push(name);
      else this.#removeFile(joinPath(folder, name));
    }
    return added;
  }

  #failed(folder: string, failure: NonNullable<Listing['failure']>): void {
    const { events } = this.#options;
    if (!PASSING.has(failure)) this.#removeFolder(folder);
    if (failure === 'gone') return;
    if (failure === 'kernel') events.ignored(folder, 'files of the kernel, like /proc');
    else {
      events.problem(folder, `the folder cannot be read (${failure})`);
      events.unreadable(folder);
    }
  }

  /** Kind of a name that may be shared; undefined: there is none. */
  #kindAt(folder: string, name: string): string | undefined {
    const stats = lstatOf(inside(this.#options.root, joinPath(folder, name)));
    return stats && kindOf(stats);
  }

  #report(path: string, { kind, reason }: LeftOut): void {
    if (kind !== 'own') this.#options.events[kind](path, reason);
  }

  /** Reports the file even when the tree does not know it: it may be pending in the stabilizer. */
  #removeFile(path: string): void {
    this.#options.tree.removeFile(path);
    this.#options.events.gone(path);
  }

  #removeFolder(path: string): void {
    const { tree, events } = this.#options;
    const { files, folders } = tree.removeFolder(path);
    for (const folder of folders) events.listed(folder, () => NO_NAMES);
    for (const file of files) events.gone(file);
  }

  #isSliceOver(): boolean {
    return this.#options.clock.nowMs() >= this.#sliceEndMs;
  }

  async #yield(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceEndMs = this.#options.clock.nowMs() + SLICE_MAX_MS;
  }
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

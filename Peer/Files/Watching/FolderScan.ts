import { accessSync, constants, type Dirent, lstatSync, readdirSync } from 'node:fs';
import { PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import { ignoredReason } from '../Disk/IgnoredNames.ts';
import { inside, joinPath, splitPath } from '../Disk/Paths.ts';
import { isTempName } from '../Disk/SafePath.ts';
import { isOfKernel } from './KernelFolders.ts';
import type { ShareTree } from './ShareTree.ts';

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
}

/** Kind of an entry. `file`: regular, or unknown: some file systems report no type, and a stat decides. */
type Kind = 'file' | 'folder' | 'link' | 'other';
type Entry = Pick<
  Dirent,
  'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice'
>;

/** Why a name is left out: a folder of our own, by rule, or because it cannot be shared. */
interface LeftOut {
  readonly kind: 'own' | 'ignored' | 'problem';
  readonly reason: string;
}

/** Files of the program: the lock of the share, and folders of commands that download into it. */
export const OWN_PREFIX = '.shoal-';
/** Replacement character in names that are not valid UTF-8. */
const INVALID = '\ufffd';
/** The program has no descriptor or memory now: nothing is known about the folder. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR']);
const NO_NAMES: ReadonlySet<string> = new Set();

/** Longest time the scan holds the thread. Names and stats are read synchronously, which is 5 times cheaper. */
const SLICE_MAX_MS = 8;

/**
 * Scans folders and files of the share. Symbolic links are never followed or shared: a target inside the share is
 * shared under its own path, a target outside must not be. Devices, pipes and sockets are ignored.
 */
export class FolderScan {
  readonly #options: FolderScanOptions;
  #sliceEndMs = 0;

  constructor(options: FolderScanOptions) {
    this.#options = options;
  }

  /**
   * Lists a folder and everything below it.
   * @param signal - aborts the scan early
   */
  async scanFolder(path: string, signal: AbortSignal): Promise<void> {
    const pending = [path];
    for (let next = pending.pop(); next !== undefined && !signal.aborted; next = pending.pop()) {
      for (const below of await this.#list(next, signal)) pending.push(below);
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

  /** Lists one folder and returns the paths of its subfolders. */
  async #list(folder: string, signal: AbortSignal): Promise<string[]> {
    const names = this.#names(folder);
    if (names === undefined) return [];
    const { files, folders } = names;
    for (const name of files) {
      if (signal.aborted) return [];
      const path = joinPath(folder, name);
      const stats = lstatOf(inside(this.#options.root, path));
      if (stats?.isFile()) this.#options.events.found(path, fileState(stats));
      else {
        if (stats?.isDirectory()) folders.add(name);
        this.#removeFile(path);
      }
      // An await per file would cost a tenth of the scan.
      if (this.#isSliceOver()) await this.#yield();
    }
    this.#options.tree.pack(folder);
    return Array.from(folders, (name) => joinPath(folder, name));
  }

  /**
   * Reads the names in a folder: those that may be shared, the others are reported. The set of files becomes that of
   * the tree. Not a part of `#list`, which would keep all entries in memory while it looks at the files.
   */
  #names(folder: string): { files: Set<string>; folders: Set<string> } | undefined {
    const { tree, events } = this.#options;
    const entries = this.#read(folder);
    if (entries === undefined) return undefined;
    tree.addFolder(folder);
    events.resolved(folder);
    const files = new Set<string>();
    const folders = new Set<string>();
    const leftOut: (readonly [path: string, LeftOut])[] = [];
    for (const entry of entries) {
      const kind = kindOf(entry);
      const rule = leftOutBy(folder, entry.name, kind);
      if (rule !== undefined) leftOut.push([joinPath(folder, entry.name), rule]);
      else if (kind === 'folder') folders.add(entry.name);
      else files.add(entry.name);
    }
    for (const name of tree.foldersIn(folder))
      if (!folders.has(name)) this.#removeFolder(joinPath(folder, name));
    for (const name of tree.filesIn(folder)) if (!files.has(name)) this.#removeFile(joinPath(folder, name));
    tree.setFiles(folder, files);
    events.listed(folder, () => new Set(entries.map(({ name }) => name)));
    for (const each of leftOut) this.#report(...each);
    return { files, folders };
  }

  /** Reads the entries of a folder. Undefined: it cannot be read; its known entries are dropped. */
  #read(folder: string): Dirent[] | undefined {
    const { root, events } = this.#options;
    // readdir would follow a symbolic link that has replaced the folder.
    if (!lstatOf(inside(root, folder))?.isDirectory()) {
      this.#removeFolder(folder);
      return undefined;
    }
    if (isOfKernel(inside(root, folder))) {
      this.#removeFolder(folder);
      events.ignored(folder, 'files of the kernel, like /proc');
      return undefined;
    }
    try {
      return readdirSync(inside(root, folder), { withFileTypes: true });
    } catch (failure) {
      const code = systemCode(failure) ?? String(failure);
      if (!PASSING.has(code)) this.#removeFolder(folder);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      events.problem(folder, `the folder cannot be read (${code})`);
      events.unreadable(folder);
      return undefined;
    }
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

/** The rule that leaves out a name; undefined: it may be shared. */
function leftOutBy(folder: string, name: string, kind: Kind): LeftOut | undefined {
  if ((folder === '' && isTempName(name)) || name.startsWith(OWN_PREFIX)) return { kind: 'own', reason: '' };
  const ignored = ignoredReason(name) ?? (kind === 'other' ? 'device, pipe or socket' : undefined);
  if (ignored !== undefined) return { kind: 'ignored', reason: ignored };
  const problem = (reason: string): LeftOut => ({ kind: 'problem', reason });
  if (kind === 'link') return problem('is a link: put the file itself here to share it');
  if (name.includes(INVALID)) return problem('the name is not valid UTF-8: rename the file to share it');
  if (isTooLong(folder, name))
    return problem(`the path is longer than ${PATH_BYTES_MAX} bytes: shorten it to share the file`);
  return undefined;
}

/** Cheap test first: a UTF-16 code unit is at most three bytes of UTF-8. */
function isTooLong(folder: string, name: string): boolean {
  if (3 * (folder.length + name.length) + 1 <= PATH_BYTES_MAX) return false;
  return Buffer.byteLength(folder) + Buffer.byteLength(name) + 1 > PATH_BYTES_MAX;
}

function lstatOf(path: string) {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // ENOTDIR, EACCES, ELOOP: no shareable file.
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

function kindOf(entry: Entry): Kind {
  if (entry.isDirectory()) return 'folder';
  if (entry.isSymbolicLink()) return 'link';
  const isSpecial = entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice();
  return isSpecial ? 'other' : 'file';
}

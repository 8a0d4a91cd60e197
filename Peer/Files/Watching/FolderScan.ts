import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import { inside, joinPath, splitPath } from '../Disk/Paths.ts';
import { isTempName } from '../Disk/SafePath.ts';
import { isIgnoredName } from './IgnoreRules.ts';
import type { ShareTree } from './ShareTree.ts';

/** Results of a scan. Paths are relative to the share. */
export interface ScanEvents {
  /** A regular file that may be shared exists in this state. Repeated at every check. */
  found(path: string, state: FileState): void;
  /** A file found earlier no longer exists or may no longer be shared. */
  gone(path: string): void;
  /** A file or folder cannot be read or shared. */
  problem(path: string, reason: string): void;
}

export interface FolderScanOptions {
  /** Share folder, absolute, free of symbolic links. */
  readonly root: string;
  readonly clock: Clock;
  /** Names found so far; updated by the scan. */
  readonly tree: ShareTree;
  readonly events: ScanEvents;
}

/** Longest time the scan holds the thread. Names and stats are read synchronously, which is 5 times cheaper. */
const SLICE_MAX_MS = 8;

/**
 * Scans folders and files of the share. Symbolic links are never followed or shared: a target inside the share is
 * shared under its own path, a target outside must not be. Devices, pipes and sockets are skipped.
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
    if (!this.#isShared(folder, name)) return;
    const stats = lstatOf(inside(root, path));
    if (stats?.isDirectory()) {
      this.#removeFile(path);
      if (!tree.hasFolder(path)) await this.scanFolder(path, signal);
      return;
    }
    if (tree.hasFolder(path)) this.#removeFolder(path);
    if (stats?.isFile()) this.#found(path, fileState(stats));
    else this.#removeFile(path);
    if (this.#isSliceOver()) await this.#yield();
  }

  /** Lists one folder and returns the paths of its subfolders. */
  async #list(folder: string, signal: AbortSignal): Promise<string[]> {
    const { root, tree, events } = this.#options;
    let entries: Dirent[];
    // readdir would follow a symbolic link that has replaced the folder.
    if (folder !== '' && !lstatOf(inside(root, folder))?.isDirectory()) {
      this.#removeFolder(folder);
      return [];
    }
    try {
      entries = readdirSync(inside(root, folder), { withFileTypes: true });
    } catch (failure) {
      const code = systemCode(failure) ?? String(failure);
      if (code !== 'ENOENT' && code !== 'ENOTDIR')
        events.problem(folder, `the folder cannot be read (${code})`);
      else this.#removeFolder(folder);
      return [];
    }
    tree.addFolder(folder);
    const files = new Set<string>();
    const folders = new Set<string>();
    for (const entry of entries) {
      if (!this.#isShared(folder, entry.name)) continue;
      if (entry.isDirectory()) folders.add(entry.name);
      // Some file systems report no entry type; the stat below decides.
      else if (entry.isFile() || isUnknown(entry)) files.add(entry.name);
    }
    for (const name of tree.foldersIn(folder))
      if (!folders.has(name)) this.#removeFolder(joinPath(folder, name));
    for (const name of tree.filesIn(folder)) if (!files.has(name)) this.#removeFile(joinPath(folder, name));
    for (const name of files) {
      if (signal.aborted) return [];
      const path = joinPath(folder, name);
      const stats = lstatOf(inside(root, path));
      if (stats?.isDirectory()) folders.add(name);
      else if (stats?.isFile()) this.#found(path, fileState(stats));
      else this.#removeFile(path);
      // An await per file would cost a tenth of the scan.
      if (this.#isSliceOver()) await this.#yield();
    }
    return Array.from(folders, (name) => joinPath(folder, name));
  }

  #isShared(folder: string, name: string): boolean {
    if (isIgnoredName(name) || (folder === '' && isTempName(name))) return false;
    if (name.includes('\ufffd')) {
      this.#options.events.problem(
        joinPath(folder, name),
        'the name is not valid UTF-8: rename the file to share it',
      );
      return false;
    }
    if (isTooLong(folder, name)) {
      const reason = `the path is longer than ${PATH_BYTES_MAX} bytes: shorten it to share the file`;
      this.#options.events.problem(joinPath(folder, name), reason);
      return false;
    }
    return true;
  }

  #found(path: string, state: FileState): void {
    this.#options.tree.addFile(path);
    this.#options.events.found(path, state);
  }

  /** Reports the file even when the tree does not know it: it may be pending in the stabilizer. */
  #removeFile(path: string): void {
    this.#options.tree.removeFile(path);
    this.#options.events.gone(path);
  }

  #removeFolder(path: string): void {
    for (const file of this.#options.tree.removeFolder(path)) this.#options.events.gone(file);
  }

  #isSliceOver(): boolean {
    return this.#options.clock.nowMs() >= this.#sliceEndMs;
  }

  async #yield(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceEndMs = this.#options.clock.nowMs() + SLICE_MAX_MS;
  }
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

function isUnknown(entry: Dirent): boolean {
  return !(
    entry.isSymbolicLink() ||
    entry.isFIFO() ||
    entry.isSocket() ||
    entry.isCharacterDevice() ||
    entry.isBlockDevice()
  );
}

import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import type { FileState } from './FileState.ts';

/**
 * What unfinished files need of a file system. Names are handled at once and synchronously (a few microseconds each,
 * measured 5 times cheaper than a trip through libuv's pool, and nothing can come between a link and what it means);
 * bytes travel in the pool. Failures are Node's system errors, with `code`.
 */
export interface Disk {
  /** @throws EEXIST */
  create(path: string): DiskFile;
  /** For reading and writing; never follows a link. @throws ENOENT */
  open(path: string): DiskFile;
  readWhole(path: string): Promise<Buffer>;
  /** Makes a small file at once; gives the state it is in then. @throws EEXIST */
  createWhole(path: string, bytes: Uint8Array): FileState;
  /** Another name for the file. @throws EEXIST; ENOTSUP, EPERM where there are no links */
  link(from: string, to: string): void;
  /** Replaces a file at `to`. A folder takes only a free name, or that of an empty folder. @throws ENOTEMPTY, EEXIST, ENOTDIR */
  rename(from: string, to: string): void;
  /** No error when there is none. */
  remove(path: string): void;
  /** A folder of ours with everything in it; no error when there is none. */
  removeFolder(path: string): void;
  /** A new file with the same content, sharing its blocks where the file system can. @throws EEXIST */
  copy(from: string, to: string): Promise<void>;
  /** What is there itself, without following a link. */
  kindOf(path: string): 'file' | 'folder' | 'other' | undefined;
  /** Undefined when there is no file. */
  stateOf(path: string): FileState | undefined;
  /** @throws EEXIST */
  makeFolder(path: string): void;
  names(folder: string): readonly string[];
  /** Makes the names in a folder survive a power cut, where the system offers it. */
  syncFolder(path: string): Promise<void>;
  /** Bytes that this user can still write. */
  freeBytes(folder: string): number;
}

export interface DiskFile {
  /** Writes all bytes. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills `into` as far as the file goes, and returns how far. */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  state(): FileState;
  /** Names that lead to it; 0: it was deleted. */
  links(): number;
  /** Not while something is under way. Safe to call twice. */
  close(): void;
}

/** A failed system call as the user meets it: DISK_FULL or DISK_FAILED. */
export function diskError(failure: unknown, doing: string): ShoalError {
  if (failure instanceof ShoalError) return failure;
  const code = systemCode(failure);
  const why = code ?? (failure instanceof Error ? failure.message : String(failure));
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ShoalError('DISK_FULL', `the disk is full (${doing})`, {
      hint: 'Make room and resume the download: what was verified is kept.',
      cause: failure,
    });
  }
  return new ShoalError('DISK_FAILED', `the disk refused: ${doing} (${why})`, {
    hint: code === 'EACCES' || code === 'EPERM' ? 'Check who owns the share folder.' : 'Check the disk.',
    cause: failure,
  });
}

/** Creates the folder unless the path exists: the user may have deleted `Temp/` while the program runs. */
export function ensureFolder(disk: Disk, path: string): void {
  if (disk.kindOf(path) === undefined) disk.makeFolder(path);
}

/** Removes a file whose leftover is harmless: the next start cleans `Temp/` up. Ignores failures. */
export function removeQuietly(disk: Pick<Disk, 'remove'>, path: string): void {
  try {
    disk.remove(path);
  } catch {
    // Nothing for the user to do now.
  }
}

/** Removes a staging folder and its content. Ignores failures, like `removeQuietly`. */
export function removeFolderQuietly(disk: Disk, path: string): void {
  try {
    disk.removeFolder(path);
  } catch {
    // As above.
  }
}

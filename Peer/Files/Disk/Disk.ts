import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import type { FileState } from './FileState.ts';

/**
 * The file system as used for unfinished files. Operations on names are synchronous: a few microseconds each,
 * measured 5 times cheaper than libuv's pool, and nothing can happen between a check and the operation. Reads and
 * writes run in the pool. Failures are Node's system errors, with `code`.
 */
export interface Disk {
  /** @throws EEXIST */
  create(path: string): DiskFile;
  /** Opens for reading and writing; never follows a link. @throws ENOENT, ELOOP */
  open(path: string): DiskFile;
  readWhole(path: string): Promise<Buffer>;
  /** Creates a small file synchronously and returns its state. @throws EEXIST */
  createWhole(path: string, bytes: Uint8Array, attributes?: FileAttributes): FileState;
  /** Creates a hard link. @throws EEXIST; ENOTSUP, EPERM on file systems without hard links */
  link(from: string, to: string): void;
  /** Replaces a file at `to`. A folder replaces at most an empty folder. @throws ENOTEMPTY, EEXIST, ENOTDIR */
  rename(from: string, to: string): void;
  /** No effect when there is no such file. */
  remove(path: string): void;
  /** Removes a folder and its content. No effect when there is none. */
  removeFolder(path: string): void;
  /** Copies a file, sharing its blocks where the file system supports it. Always keeps a time. @throws EEXIST */
  copy(from: string, to: string, attributes: FileAttributes): Promise<void>;
  /** Kind of the entry itself; never follows a link. */
  kindOf(path: string): 'file' | 'folder' | 'other' | undefined;
  /** Returns undefined when there is no regular file. */
  stateOf(path: string): FileState | undefined;
  /** @throws EEXIST */
  makeFolder(path: string): void;
  /** Returns none when it is no folder, or may not be read; never follows a link. */
  /** Modification time of a folder in milliseconds since 1970. Undefined: there is none. */
  folderTime(path: string): number | undefined;
  /** Sets the modification time of a folder; never follows a link. */
  setFolderTime(path: string, modifiedMs: number): void;
  names(folder: string): readonly string[];
  /**
   * Creates and removes a file to see whether names are kept that Windows forbids. Undefined: nothing can be created.
   */
  keepsAnyName(folder: string): 'portable' | 'any' | undefined;
  /** Makes the names in a folder durable, where the system supports it. */
  syncFolder(path: string): Promise<void>;
  /** Free space for this user, in bytes. */
  freeBytes(folder: string): number;
}

export interface DiskFile {
  /** Writes all bytes. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills `into` up to the end of the file. Returns the number of bytes read. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Sets time and executable bit, as far as both are known and the file system supports them. Never throws. */
  setAttributes(attributes: FileAttributes): void;
  /** Descriptor of the open file. Absent: there is none. */
  descriptor?(): number;
  truncate(length: number): Promise<void>;
  /** Makes the bytes durable. Returns false when the file system cannot. */
  datasync(): Promise<boolean>;
  /** As `datasync`, with attributes. */
  sync(): Promise<boolean>;
  state(): FileState;
  /** Number of hard links; 0: the file was deleted. */
  links(): number;
  /** Not to be called during another operation. Safe to call twice. Never throws: what has to last was synced. */
  close(): void;
}

const PERMISSIONS = 'Check the permissions of the share folder, or use another one: --share DIR.';
const TAKEN = 'Something else has the name of a file or folder that is needed: move it away.';
const HINTS: Readonly<Record<string, string>> = {
  EACCES: PERMISSIONS,
  EPERM: PERMISSIONS,
  EEXIST: TAKEN,
  EISDIR: TAKEN,
  ELOOP: TAKEN,
  ENOTDIR: TAKEN,
  ENOTEMPTY: TAKEN,
  EFBIG:
    'The file is too large for this file system: FAT holds 4 GiB. Choose a folder on another one: --share DIR',
  EXDEV:
    'A folder in the share folder is on another disk, which takes no downloads: choose it as get -o DIR, or rename it.',
  EROFS: 'The share folder is read-only: its files are shared, downloads need another one. Use --share DIR.',
  ENOENT: 'Is the share folder still there, and its disk mounted? See: status',
};

/** Converts a failed system call to DISK_FULL or DISK_FAILED. @param doing - "writing the journal" */
export function diskError(failure: unknown, doing: string): ShoalError {
  if (failure instanceof ShoalError) return failure;
  const code = systemCode(failure);
  const why = code ?? (failure instanceof Error ? failure.message : String(failure));
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ShoalError('DISK_FULL', `the disk is full (${doing})`, {
      hint: 'Free up space and resume the download: verified chunks are kept.',
      cause: failure,
    });
  }
  const hint = HINTS[code ?? ''] ?? 'Check the disk.';
  const where = failure instanceof Error && 'path' in failure ? `: ${failure.path}` : '';
  return new ShoalError('DISK_FAILED', `${doing} failed (${why}${where})`, { hint, cause: failure });
}

/**
 * Creates the folder when missing: `Temp/` does not exist before the first download, and the user may delete it.
 * @throws system errors; ShoalError DISK_FAILED when something else has its name
 */
export function ensureFolder(disk: Disk, path: string): void {
  const kind = disk.kindOf(path);
  if (kind === undefined) disk.makeFolder(path);
  else if (kind !== 'folder')
    throw new ShoalError('DISK_FAILED', `"${path}" is not a folder`, {
      hint: 'Unfinished files need a folder on the disk of the share folder: remove the file or link.',
    });
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

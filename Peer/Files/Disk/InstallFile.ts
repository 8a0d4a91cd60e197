import { dirname } from 'node:path';
import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import { type Disk, diskError, ensureFolder, removeQuietly } from './Disk.ts';
import type { DiskNames } from './DiskNames.ts';
import { type FileState, sameState } from './FileState.ts';
import { inside, joinPath, splitPath } from './Paths.ts';
import { numberedPath } from './SafePath.ts';

/** The place of an installed file. */
export interface Installed {
  /** Relative to the share, `/` between folders. */
  readonly path: string;
  readonly absolute: string;
}

/** Upper bound on names tried for one file: another program that creates names faster than this is an error. */
const NAMES_MAX = 10_000;
/** Error codes of file systems without hard links. */
const NO_LINKS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EXDEV', 'EMLINK', 'EINVAL']);

/**
 * Moves a finished file from `Temp/` into the share, atomically. Never replaces a file: a taken name becomes ` (2)`.
 * Creates missing parent folders. A parent that is a link or a file counts as a taken name, so no write ever follows
 * a link. The check and the rename run synchronously.
 *
 * @param root - the share folder, without links in it
 * @param wanted - sanitized by `safePath`
 * @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT, PART_FILE_GONE (`from` has vanished)
 */
export function installFile(disk: Disk, root: string, from: string, wanted: string): Installed {
  try {
    const [parent, name] = splitPath(wanted);
    const path = claimName(disk, root, from, joinPath(makeFolders(disk, root, parent), name));
    return { path, absolute: inside(root, path) };
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT') throw partFileGone(wanted, failure);
    throw diskError(failure, `putting "${wanted}" into the share folder`);
  }
}

/**
 * Writes a small file under a temporary name, then installs it like `installFile`. Not synced.
 *
 * @param temporary - absolute, on the same file system; a leftover with this name is replaced
 * @returns `state`: undefined when the file was deleted at once by another program
 */
export function installWhole(
  disk: Disk,
  root: string,
  temporary: string,
  wanted: string,
  content: Uint8Array,
  attributes: FileAttributes = {},
): Installed & { readonly state: FileState | undefined } {
  try {
    createReplacing(disk, temporary, content, attributes);
  } catch (failure) {
    removeQuietly(disk, temporary);
    throw diskError(failure, `writing "${wanted}"`);
  }
  const installed = installFile(disk, root, temporary, wanted);
  return { ...installed, state: disk.stateOf(installed.absolute) };
}

/**
 * Moves a folder with its content into the share, atomically. Replaces nothing, except an empty folder that another
 * program creates between check and rename.
 *
 * @param from - absolute, on the same file system
 * @returns false when the name or a parent's name is taken, or the disk failed: its files are then installed one by
 * one, which reports the cause
 */
export function installFolder(disk: Disk, root: string, from: string, wanted: string): boolean {
  try {
    const [parent] = splitPath(wanted);
    if (makeFolders(disk, root, parent) !== parent) return false;
    const to = inside(root, wanted);
    if (disk.kindOf(to) !== undefined) return false;
    disk.rename(from, to);
    return true;
  } catch {
    return false;
  }
}

export function partFileGone(path: string, cause?: unknown): ShoalError {
  return new ShoalError('PART_FILE_GONE', `the unfinished file of "${path}" was deleted`, {
    hint: 'Start the download again.',
    cause,
  });
}

function createReplacing(disk: Disk, path: string, content: Uint8Array, attributes: FileAttributes): void {
  try {
    disk.createWhole(path, content, attributes);
  } catch (failure) {
    // A leftover file or a missing folder is rare, so neither is checked for beforehand.
    if (!['EEXIST', 'ENOENT'].includes(systemCode(failure) ?? '')) throw failure;
    ensureFolder(disk, dirname(path));
    disk.remove(path);
    disk.createWhole(path, content, attributes);
  }
}

function claimName(disk: Disk, root: string, from: string, wanted: string): string {
  for (let n = 1; n <= NAMES_MAX; n++) {
    const path = numberedPath(wanted, n);
    if (claim(disk, from, inside(root, path))) return path;
  }
  throw new ShoalError('LOCAL_CONFLICT', `every name like "${wanted}" is taken`, {
    hint: 'Clean up the folder, then resume.',
  });
}

/** Returns false when the name is taken. */
function claim(disk: Disk, from: string, to: string): boolean {
  try {
    disk.link(from, to);
  } catch (failure) {
    const code = systemCode(failure) ?? '';
    if (NO_LINKS.has(code)) return claimWithoutLinks(disk, from, to);
    if (code !== 'EEXIST') throw failure;
    if (!isSameFile(disk, from, to)) return false;
  }
  // A leftover in `Temp/` is removed at the next start.
  removeQuietly(disk, from);
  return true;
}

/** Detects an earlier run that was killed after the link and before the removal. */
function isSameFile(disk: Disk, from: string, to: string): boolean {
  const [one, other] = [disk.stateOf(from), disk.stateOf(to)];
  return one !== undefined && other !== undefined && sameState(one, other);
}

/** Reserves the name with an empty file, so that the rename replaces only that. */
function claimWithoutLinks(disk: Disk, from: string, to: string): boolean {
  try {
    disk.createWhole(to, new Uint8Array(0));
  } catch (failure) {
    if (systemCode(failure) === 'EEXIST') return false;
    throw failure;
  }
  try {
    disk.rename(from, to);
  } catch (failure) {
    removeQuietly(disk, to);
    throw failure;
  }
  return true;
}

/**
 * Creates missing folders, then sets their times, those of inner folders first.
 * @param folders - wanted paths relative to the share
 * @returns the absolute path of the outermost folder
 * @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT
 */
export function finishFolders(
  disk: Disk,
  root: string,
  names: Pick<DiskNames, 'safe'>,
  folders: Iterable<{ readonly path: string; readonly modifiedMs?: number | undefined }>,
): string | undefined {
  const made = Array.from(folders, ({ path, modifiedMs }) => {
    try {
      return { path: inside(root, makeFolders(disk, root, names.safe(path))), modifiedMs };
    } catch (failure) {
      throw diskError(failure, `creating the folder "${path}"`);
    }
  });
  made.sort((one, other) => other.path.length - one.path.length);
  for (const { path, modifiedMs } of made) {
    try {
      if (modifiedMs !== undefined) disk.setFolderTime(path, modifiedMs);
    } catch {
      // A download does not fail because of a time.
    }
  }
  return made.at(-1)?.path;
}

/** @returns the created folder relative to the root, with a number where a name was taken */
function makeFolders(disk: Disk, root: string, wanted: string): string {
  if (wanted === '') return '';
  return wanted.split('/').reduce((folder, name) => makeFolder(disk, root, joinPath(folder, name)), '');
}

function makeFolder(disk: Disk, root: string, wanted: string): string {
  for (let n = 1; n <= NAMES_MAX; n++) {
    const folder = numberedPath(wanted, n);
    const kind = disk.kindOf(inside(root, folder));
    if (kind === 'folder') return folder;
    if (kind !== undefined) continue;
    try {
      disk.makeFolder(inside(root, folder));
      return folder;
    } catch (failure) {
      if (systemCode(failure) !== 'EEXIST') throw failure;
      n--; // Another program was faster: check again what it created.
    }
  }
  throw new ShoalError('LOCAL_CONFLICT', `every folder name like "${wanted}" is taken`, {
    hint: 'Clean up the folder, then resume.',
  });
}

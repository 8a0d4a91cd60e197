import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { type FileState, fileState, sameState } from './FileState.ts';
import { inside } from './Paths.ts';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A shared file, open for reading. Whoever opened it closes it. */
export interface OpenedFile {
  readonly fd: number;
  readonly state: FileState;
}

/**
 * Opens a shared file for reading, and only that: no link is followed at the end of the path, nothing but a regular file
 * is accepted, and what was opened must lie inside the share, also when a folder above was swapped for a link in this
 * moment.
 *
 * @param root - the share folder, without links in it; undefined: `path` is absolute and has no links in it (a manifest
 * names it), and what was opened must lie exactly there
 * @throws system errors; ShoalError NOT_FOUND when it is no file of the share
 */
export function openShared(root: string | undefined, path: string): OpenedFile {
  const absolute = root === undefined ? path : inside(root, path);
  const fd = openSync(absolute, FLAGS);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile() || !isAllowed(root, realPathOf(fd, absolute), absolute)) {
      throw new ShoalError('NOT_FOUND', `"${path}" is no file of the share`);
    }
    return { fd, state: fileState(stats) };
  } catch (failure) {
    closeSync(fd);
    throw failure;
  }
}

export function stateOfOpen(fd: number): FileState {
  return fileState(fstatSync(fd, { bigint: true }));
}

/**
 * Fills `into` from `position` of a file, if it is in the state it was hashed in. The one look comes after the read: device, inode and
 * ctime say that it is the very file that was hashed, whatever led there, and that nothing was written since. What is no
 * regular file is never read from: a pipe or a terminal has no positions, so the kernel refuses.
 *
 * @param absolute - no link is followed at its end
 * @throws system errors
 */
export function readUnchanged(
  absolute: string,
  hashed: FileState,
  position: number,
  into: Uint8Array,
): boolean {
  const fd = openSync(absolute, FLAGS);
  try {
    const count = into.length === 0 ? 0 : readSync(fd, into, 0, into.length, position);
    if (count === into.length && sameState(hashed, stateOfOpen(fd))) return true;
    into.fill(0); // Of what is not shared, nothing stays behind.
    return false;
  } finally {
    closeSync(fd);
  }
}

function isAllowed(root: string | undefined, real: string, absolute: string): boolean {
  if (root === undefined) return real === absolute;
  return real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Where the opened file really lies: Linux says it of the descriptor itself, elsewhere the path is looked up again. */
function realPathOf(fd: number, absolute: string): string {
  return process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${fd}`) : realpathSync(absolute);
}

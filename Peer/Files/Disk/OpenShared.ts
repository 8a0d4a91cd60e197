import { constants, fstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { closeQuietly } from './CloseQuietly.ts';
import { type FileState, fileState } from './FileState.ts';
import { fileCalls } from './LinuxFileCalls.ts';
import { inside } from './Paths.ts';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A shared file, open for reading. The caller closes `fd`. */
export interface OpenedFile {
  readonly fd: number;
  readonly state: FileState;
}

/**
 * Opens a shared file for reading. Follows no link at the end of the path and accepts only regular files. The opened
 * file must be inside the share, even if a parent folder is replaced by a link at this moment.
 *
 * @param root - the share folder, without links in it; undefined: `path` is absolute, without links (from a
 * manifest), and the opened file must be exactly there
 * @throws system errors; ShoalError NOT_FOUND when it is not a file of the share
 */
export function openShared(root: string | undefined, path: string): OpenedFile {
  const absolute = root === undefined ? path : inside(root, path);
  const fd = openSync(absolute, FLAGS);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile() || !isAllowed(root, realPathOf(fd, absolute), absolute)) {
      throw new ShoalError('NOT_FOUND', `"${path}" is not a file of the share`);
    }
    return { fd, state: fileState(stats) };
  } catch (failure) {
    closeQuietly(fd);
    throw failure;
  }
}

export function stateOfOpen(fd: number): FileState {
  return fileState(fstatSync(fd, { bigint: true }));
}

/**
 * Fills `into` from `position` if the file is in the state it was hashed in. A single check after the read is enough:
 * device, inode and ctime prove that it is the hashed file, whatever path led to it, and that nothing was written
 * since. Pipes and terminals are never read: the kernel refuses positioned reads on them.
 *
 * @param absolute - no link is followed at its end
 * @throws system errors
 */
export function readUnchanged(
  absolute: string,
  hashed: FileState,
  position: number,
  into: Uint8Array,
  calls = fileCalls(),
): boolean {
  const fd = calls.open(absolute, FLAGS);
  try {
    const count = into.length === 0 ? 0 : calls.read(fd, into, position);
    if (count === into.length && calls.isInState(fd, hashed)) return true;
    into.fill(0); // Bytes of an unshared file must not leak.
    return false;
  } finally {
    calls.close(fd);
  }
}

function isAllowed(root: string | undefined, real: string, absolute: string): boolean {
  if (root === undefined) return real === absolute;
  return real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Real path of the opened file: from the descriptor on Linux, elsewhere by resolving the path again. */
function realPathOf(fd: number, absolute: string): string {
  return process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${fd}`) : realpathSync(absolute);
}

import { closeSync, constants, fstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { type FileState, fileState, type StatFields } from './FileState.ts';
import { inside } from './ShareTree.ts';

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A shared file, open for reading. Whoever opened it closes it. */
export interface OpenedFile {
  readonly fd: number;
  readonly state: FileState;
  /** The same as the system gives it: quicker to compare. */
  readonly stats: StatFields;
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
    return { fd, state: fileState(stats), stats };
  } catch (failure) {
    closeSync(fd);
    throw failure;
  }
}

export function stateOfOpen(fd: number): FileState {
  return fileState(fstatSync(fd, { bigint: true }));
}

/** Whether an open file is in that state still. */
export function isStill(fd: number, { dev, ino, size, mtimeNs, ctimeNs }: StatFields): boolean {
  const now = fstatSync(fd, { bigint: true });
  return (
    now.ctimeNs === ctimeNs &&
    now.mtimeNs === mtimeNs &&
    now.size === size &&
    now.ino === ino &&
    now.dev === dev
  );
}

function isAllowed(root: string | undefined, real: string, absolute: string): boolean {
  if (root === undefined) return real === absolute;
  return real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Where the opened file really lies: Linux says it of the descriptor itself, elsewhere the path is looked up again. */
function realPathOf(fd: number, absolute: string): string {
  return process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${fd}`) : realpathSync(absolute);
}

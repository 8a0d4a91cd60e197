import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import { type Disk, diskError } from './Disk.ts';
import { sameState } from './FileState.ts';
import { inside, joinPath, splitPath } from './Paths.ts';
import { numberedPath } from './SafePath.ts';

/** Where a file lies now. */
export interface Placed {
  /** Relative to the share, `/` between folders. */
  readonly path: string;
  readonly absolute: string;
}

/** Tries until somebody is believed to make names faster than we can. */
const NAMES_MAX = 10_000;
/** How file systems without hard links say so. */
const NO_LINKS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EXDEV', 'EMLINK', 'EINVAL']);

/**
 * Gives a finished file its name in the share folder and takes the one in `Temp/` away, all at once. What lies there is
 * never replaced: a taken name becomes ` (2)`. Folders above are made; one that is a link or a file counts as taken too,
 * so that nothing is ever written through a link: looked at in the same turn as the name is given.
 *
 * @param root - the share folder, without links in it
 * @param wanted - a path made safe by `safePath`
 * @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE (`from` has vanished)
 */
export function placeFile(disk: Disk, root: string, from: string, wanted: string): Placed {
  try {
    const folder = makeFolders(disk, root, wanted.split('/').slice(0, -1));
    const name = wanted.slice(wanted.lastIndexOf('/') + 1);
    const path = takeName(disk, root, from, folder === '' ? name : `${folder}/${name}`);
    return { path, absolute: inside(root, path) };
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT') {
      throw new ShoalError('PART_FILE_GONE', `the unfinished file of "${wanted}" was deleted`, {
        hint: 'Start the download again.',
        cause: failure,
      });
    }
    throw diskError(failure, `putting "${wanted}" into the share folder`);
  }
}

/**
 * Gives a folder its name in the share, with everything in it, all at once. False when that cannot be: the name is taken, or
 * its parent's is. What lies there is not touched (but for an empty folder, made in this very moment, that is as good as ours).
 *
 * @param from - absolute, on the same file system
 */
export function nameFolder(disk: Disk, root: string, from: string, wanted: string): boolean {
  try {
    const [parent, name] = splitPath(wanted);
    if (makeFolders(disk, root, parent === '' ? [] : parent.split('/')) !== parent) return false;
    const to = inside(root, joinPath(parent, name));
    if (disk.kindOf(to) !== undefined) return false;
    disk.rename(from, to);
    return true;
  } catch {
    return false; // Why, is told when its files are placed one by one.
  }
}

function takeName(disk: Disk, root: string, from: string, wanted: string): string {
  for (let n = 1; n <= NAMES_MAX; n++) {
    const path = numberedPath(wanted, n);
    if (take(disk, from, inside(root, path))) return path;
  }
  throw new ShoalError('LOCAL_CONFLICT', `every name like "${wanted}" is taken`, {
    hint: 'Clear the folder up, then resume.',
  });
}

/** False when the name is taken. */
function take(disk: Disk, from: string, to: string): boolean {
  try {
    disk.link(from, to);
  } catch (failure) {
    const code = systemCode(failure) ?? '';
    if (code !== 'EEXIST' && NO_LINKS.has(code)) return takeWithoutLinks(disk, from, to);
    if (code !== 'EEXIST') throw failure;
    if (!isSameFile(disk, from, to)) return false;
  }
  removeQuietly(disk, from);
  return true;
}

/** An earlier run gave it this name and died before it took the other one away. */
function isSameFile(disk: Disk, from: string, to: string): boolean {
  const [one, other] = [disk.stateOf(from), disk.stateOf(to)];
  return one !== undefined && other !== undefined && sameState(one, other);
}

/** The file has its name: what is left in `Temp/` is cleaned up at the next start. */
export function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.remove(path);
  } catch {
    // Nothing that the user could do about it now.
  }
}

export function removeFolderQuietly(disk: Disk, path: string): void {
  try {
    disk.removeFolder(path);
  } catch {
    // As above.
  }
}

/** An empty file reserves the name, so that the rename replaces nothing but our own. */
function takeWithoutLinks(disk: Disk, from: string, to: string): boolean {
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

/** Returns the folder as it was made, relative to the root. */
function makeFolders(disk: Disk, root: string, segments: readonly string[]): string {
  let folder = '';
  for (const segment of segments)
    folder = makeFolder(disk, root, folder === '' ? segment : `${folder}/${segment}`);
  return folder;
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
      n--; // Somebody was faster: look again what it is.
    }
  }
  throw new ShoalError('LOCAL_CONFLICT', `every folder name like "${wanted}" is taken`);
}

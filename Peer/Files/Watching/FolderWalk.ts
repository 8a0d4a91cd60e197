import { accessSync, type BigIntStats, constants, type Dirent, lstatSync, readdirSync } from 'node:fs';
import { PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { ignoredReason } from '../Disk/IgnoredNames.ts';
import { inside, joinPath } from '../Disk/Paths.ts';
import { isTempName } from '../Disk/SafePath.ts';
import { newStateRows, putState, type StateRows } from '../Disk/StateRows.ts';
import { isOfKernel } from './KernelFolders.ts';

/** Content of one folder of the share. A plain value, because it crosses threads. */
export interface Listing {
  /** Path in the share; "" is the share itself. */
  readonly folder: string;
  /** Why nothing is known of its content; `gone`: there is no such folder, other texts are codes of the system. */
  readonly failure?: 'gone' | 'kernel' | string;
  /** Number of regular files that may be shared. */
  readonly files: number;
  /** Their names, with `/` between them: one text is cheap to pass, and to keep. */
  readonly names: string;
  /** Their states, in the same order; rows behind them are empty. */
  readonly states: StateRows;
  readonly folders: readonly string[];
  readonly leftOut: readonly LeftOutName[];
}

/** Why a name is left out: a folder of our own, by rule, or because it cannot be shared. */
export interface LeftOut {
  readonly kind: 'own' | 'ignored' | 'problem';
  readonly reason: string;
}

interface LeftOutName extends LeftOut {
  readonly name: string;
}

/** Kind of an entry. `file`: regular, or unknown: some file systems report no type, and a stat decides. */
type Kind = 'file' | 'folder' | 'link' | 'other';
type Entry = Pick<
  Dirent,
  'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice'
>;

/** Files of the program: the lock of the share, and folders of commands that download into it. */
export const OWN_PREFIX = '.shoal-';
/** Replacement character in names that are not valid UTF-8. */
export const INVALID = '\ufffd';
/** Files looked at between two pauses: a tenth of a millisecond. */
const PAUSE_FILES = 32;
const NOTHING = { files: 0, names: '', states: newStateRows(0), folders: [], leftOut: [] };

/**
 * Reads folders of the share and everything below them. Symbolic links are never followed or shared: a target inside
 * the share is shared under its own path, a target outside must not be. Devices, pipes and sockets are ignored.
 */
export class FolderWalk {
  readonly #root: string;
  /** Folders not listed yet. The folders of a listing are added before it is yielded. */
  readonly pending: string[];

  /** @param root - share folder, absolute, free of symbolic links */
  constructor(root: string, folders: readonly string[]) {
    this.#root = root;
    this.pending = [...folders];
  }

  /** Yields one folder after the other, and undefined in between, where the caller may pause. Blocks the thread. */
  *listings(): Generator<Listing | undefined> {
    for (let folder = this.pending.pop(); folder !== undefined; folder = this.pending.pop()) {
      const listing = yield* this.#list(folder);
      for (const name of listing.folders) this.pending.push(joinPath(folder, name));
      yield listing;
    }
  }

  *#list(folder: string): Generator<undefined, Listing> {
    const absolute = inside(this.#root, folder);
    const entries = read(absolute);
    if (typeof entries === 'string') return { folder, failure: entries, ...NOTHING };
    const files: string[] = [];
    const folders: string[] = [];
    const leftOut: LeftOutName[] = [];
    const place = (name: string, kind: Kind) => {
      const rule = leftOutBy(folder, name, kind);
      if (rule !== undefined) leftOut.push({ name, ...rule });
      else (kind === 'folder' ? folders : files).push(name);
    };
    for (const entry of entries) place(entry.name, kindOf(entry));
    const states = newStateRows(files.length);
    let count = 0;
    for (const [index, name] of files.entries()) {
      if (index % PAUSE_FILES === 0) yield undefined;
      const stats = lstatOf(inside(absolute, name));
      if (stats?.isFile()) {
        files[count] = name;
        putState(states, count++, stats);
      } else if (stats !== undefined)
        place(name, stats.isDirectory() || stats.isSymbolicLink() ? kindOf(stats) : 'other');
    }
    files.length = count;
    return { folder, files: count, names: files.join('/'), states, folders, leftOut };
  }
}

/** Entries that a listing counts as: an empty one takes memory, too. */
export function weightOf({ files, folders, leftOut }: Listing): number {
  return 1 + files + folders.length + leftOut.length;
}

/** Reads the entries of a folder, or returns why it cannot. */
function read(absolute: string): Dirent[] | string {
  // readdir would follow a symbolic link that has replaced the folder.
  if (!lstatOf(absolute)?.isDirectory()) return 'gone';
  if (isOfKernel(absolute)) return 'kernel';
  try {
    // Without the right to search it, the names can be read, and no file.
    accessSync(absolute, constants.R_OK | constants.X_OK);
    return readdirSync(absolute, { withFileTypes: true });
  } catch (failure) {
    const code = systemCode(failure) ?? String(failure);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'gone' : code;
  }
}

/** The rule that leaves out a name; undefined: it may be shared. */
export function leftOutBy(folder: string, name: string, kind: Kind): LeftOut | undefined {
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

export function lstatOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // ENOTDIR, EACCES, ELOOP: no shareable file.
  }
}

export function kindOf(entry: Entry): Kind {
  if (entry.isDirectory()) return 'folder';
  if (entry.isSymbolicLink()) return 'link';
  const isSpecial = entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice();
  return isSpecial ? 'other' : 'file';
}

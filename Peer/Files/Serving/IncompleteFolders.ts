import type { Clock } from '../../../Shared/Time/Clock.ts';
import { sleep } from '../../../Shared/Time/Clock.ts';
import type { NamedFolder } from '../../Storage.ts';
import type { Catalog } from '../Catalog/Catalog.ts';
import type { Share } from '../Catalog/Share.ts';
import { type Disk, diskError, removeFolderQuietly } from '../Disk/Disk.ts';
import type { DiskNames } from '../Disk/DiskNames.ts';
import { finishFolders, installFile, installFolder } from '../Disk/InstallFile.ts';
import { inside, joinPath, movedPath } from '../Disk/Paths.ts';

export interface IncompleteFoldersOptions {
  readonly root: string;
  readonly disk: Disk;
  readonly names: DiskNames;
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly share: Share;
  /** Only the files named in a manifest are shared: names of folders mean nothing then. */
  readonly hasManifest: boolean;
}

/** Suffix of a folder that is not complete. */
const SUFFIX = ' (incomplete)';
/** Files between yields of the thread: a few milliseconds. */
const SLICE_FILES = 200;

/** Folders of downloads: each has its name only when it is complete. */
export class IncompleteFolders {
  readonly #options: IncompleteFoldersOptions;

  constructor(options: IncompleteFoldersOptions) {
    this.#options = options;
  }

  /** See DownloadStorage.incompleteFolder. */
  pathFor(wanted: string): string | undefined {
    const { root, disk, names, hasManifest } = this.#options;
    const path = names.safe(wanted);
    const incomplete = names.safe(`${path}${SUFFIX}`);
    const isTaken = disk.kindOf(inside(root, path)) !== undefined;
    const isFolder = [undefined, 'folder'].includes(disk.kindOf(inside(root, incomplete)));
    return hasManifest || isTaken || !isFolder || !incomplete.endsWith(SUFFIX) ? undefined : incomplete;
  }

  /** See DownloadStorage.nameFolder. */
  async complete(from: string, wanted: string): Promise<NamedFolder> {
    const { root, disk, names, catalog, clock, share } = this.#options;
    const to = names.safe(wanted);
    const path = inside(root, to);
    if (installFolder(disk, root, inside(root, from), to))
      return { path, shared: share.adopted.folderRenamed(from, to) };
    const times = foldersBelow(disk, root, from);
    const paths = catalog.list(from).map(({ path }) => path);
    for (const [index, file] of paths.entries()) {
      const end = this.#moveFile(file, movedPath(file, from, to));
      // The hash is known by the file's identity, so that it is shared under its new path at once.
      const state = disk.stateOf(inside(root, end));
      if (state !== undefined) share.index.found(end, state);
      if ((index + 1) % SLICE_FILES === 0) await sleep(clock, 1);
    }
    this.#moveFolders(from, to, times);
    return { path, shared: Promise.resolve() };
  }

  /** Creates the folders below `from` at `to`, with their times, and removes those that are empty now. */
  #moveFolders(from: string, to: string, folders: readonly FoundFolder[]): void {
    const { root, disk, names } = this.#options;
    finishFolders(
      disk,
      root,
      names,
      folders.map(({ path, modifiedMs }) => ({ path: movedPath(path, from, to), modifiedMs })),
    );
    if (foldersBelow(disk, root, from).every(({ files }) => files === 0))
      removeFolderQuietly(disk, inside(root, from));
  }

  #moveFile(path: string, to: string): string {
    const { root, disk } = this.#options;
    try {
      return installFile(disk, root, inside(root, path), to).path;
    } catch (failure) {
      throw diskError(failure, `moving "${path}"`);
    }
  }
}

interface FoundFolder {
  readonly path: string;
  /** Before any file of it was moved. */
  readonly modifiedMs: number | undefined;
  /** Number of its entries that are no folders. */
  readonly files: number;
}

/** A folder and those below it, with their times. */
function foldersBelow(disk: Disk, root: string, path: string): readonly FoundFolder[] {
  const names = disk.names(inside(root, path)).map((name) => joinPath(path, name));
  const inner = names.filter((each) => disk.kindOf(inside(root, each)) === 'folder');
  const own = { path, modifiedMs: disk.folderTime(inside(root, path)), files: names.length - inner.length };
  return [own, ...inner.flatMap((each) => foldersBelow(disk, root, each))];
}

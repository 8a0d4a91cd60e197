import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { type Clock, sleep } from '../../../Shared/Time/Clock.ts';
import type { FileState } from '../Disk/FileState.ts';
import { inside, movedPath, splitPath } from '../Disk/Paths.ts';
import { renamedPath } from '../Hashing/HashCache.ts';
import type { ManifestFiles } from '../Watching/ManifestFiles.ts';
import { SelfCreatedFolders } from '../Watching/SelfCreatedFolders.ts';
import type { ShareTree } from '../Watching/ShareTree.ts';
import type { Catalog } from './Catalog.ts';
import { DeferredCatalogInserts } from './DeferredCatalogInserts.ts';
import type { InstalledFile } from './InstalledFiles.ts';
import type { ShareIndex } from './ShareIndex.ts';

export interface AdoptedFilesOptions {
  readonly root: string;
  readonly manifest: ManifestFiles | undefined;
  readonly clock: Clock;
  readonly tree: ShareTree;
  readonly catalog: Catalog;
  readonly index: ShareIndex;
  /** Scans a folder, including everything below it. */
  readonly scanFolder: (path: string) => void;
  /** Looks at a name of the manifest again. */
  readonly checkName: (name: string) => void;
}

/** Files between yields of the thread: a few milliseconds. */
const SLICE_FILES = 200;

/** Files and folders that this program puts into the share: they are shared without being read or hashed again. */
export class AdoptedFiles {
  readonly #options: AdoptedFilesOptions;
  readonly #deferred: DeferredCatalogInserts;
  readonly #folders: SelfCreatedFolders;
  /** Folders whose files are being moved: their new paths, and the former ones. */
  readonly #renamed = new Map<string, string>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: AdoptedFilesOptions) {
    this.#options = options;
    this.#deferred = new DeferredCatalogInserts(options.clock, ({ path, state, fileId, hash }) =>
      this.#insert(path, state, fileId, hash),
    );
    options.catalog.deferInserts(this.#deferred);
    this.#folders = new SelfCreatedFolders(
      options.clock,
      options.scanFolder,
      () => this.#deferred.isHolding || this.#deferred.isOverfull,
    );
  }

  /** Time of the last file; `-Infinity`: none. */
  get lastMs(): number {
    return Math.max(this.#lastMs, this.#deferred.lastMs);
  }

  /** Adds a file before any watch reports it, unless a manifest omits it. */
  add(path: string, state: FileState, { fileId, chunkHashes }: FileDescription): void {
    this.#lastMs = this.#options.clock.nowMs();
    this.#insert(path, state, fileId, chunkHashes.join(''));
  }

  /** Adds one of many small files. Every lookup sees it at once. */
  addDeferred(file: InstalledFile): void {
    this.#deferred.add(file);
  }

  /** Files that are in the share but not in the catalog yet, and their bytes. */
  get pending(): { readonly files: number; readonly bytes: number } {
    return this.#deferred.pending;
  }

  /** Inserts the deferred files at a path or below it. Called before the disk is compared with the index. */
  flushAt(path: string): void {
    this.#deferred.flushAt(path);
  }

  /** The same in slices, before a folder is scanned. */
  async flushBelow(folder: string): Promise<void> {
    while (this.#deferred.flushAt(folder, SLICE_FILES) > 0) await sleep(this.#options.clock, 1);
  }

  /** Keeps the small files of an incomplete folder out of the catalog until it has its name, for some time at most. */
  hold(folder: string): void {
    this.#deferred.hold(folder);
  }

  /** The folder stays incomplete for now. */
  release(folder: string): void {
    this.#deferred.release(folder);
  }

  /** Records a new folder whose files are all added. Called in the same tick as its rename. */
  folderMade(path: string): void {
    const { manifest, tree } = this.#options;
    if (manifest !== undefined) return;
    this.#folders.created(path, (folder) => tree.hasFolder(folder));
    tree.addFolder(path);
  }

  /** Moves the files below a folder that was renamed as a whole. Called in the same tick as its rename. */
  async folderRenamed(from: string, to: string): Promise<void> {
    const { tree, index, clock } = this.#options;
    const moved = (path: string) => movedPath(path, from, to);
    this.#folders.renamed(from, to);
    for (const folder of tree.below(from)) this.folderMade(moved(folder));
    this.folderMade(to);
    // Files of a fast download were never in the catalog under their former paths.
    this.#deferred.rename(from, to);
    const { files } = tree.removeFolder(from);
    for (const path of files) tree.addFile(...splitPath(moved(path)));
    for (; this.#deferred.isOverfull; await sleep(clock, 1)) this.#deferred.flushSlice();
    if (files.length === 0) return;
    this.#renamed.set(to, from);
    index.folderMoved(from, to);
    for (const [number, path] of files.entries()) {
      if (index.has(path)) index.moved(path, moved(path));
      else index.gone(path); // Met already, or not hashed yet: the scan of the new folder finds it.
      if ((number + 1) % SLICE_FILES === 0) await sleep(clock, 1);
    }
    this.#renamed.delete(to);
  }

  /** A scan has come to a file. If its folder was renamed and its turn is still to come, it is moved now. */
  met(path: string): void {
    for (const [to, from] of this.#renamed) {
      const former = renamedPath(path, { from: to, to: from });
      if (former !== path && this.#options.index.has(former)) this.#options.index.moved(former, path);
    }
  }

  /** Whether this program created the folder a moment ago and its scan is still pending. */
  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  /** Handles a folder reported by the watcher. Returns true when this program created it: its scan is deferred. */
  appeared(path: string): boolean {
    return this.#folders.appeared(path);
  }

  close(): void {
    this.#folders.close();
    this.#deferred.close();
  }

  /** @param hashes - of its chunks, in hex */
  #insert(path: string, state: FileState, fileId: FileId, hashes: string): void {
    const { root, manifest, tree, index, checkName } = this.#options;
    if (manifest !== undefined) {
      // Hashed again under the names it has: rare, and simple.
      for (const name of manifest.namesOf(inside(root, path))) checkName(name);
      return;
    }
    tree.addFile(...splitPath(path));
    index.adopt(path, state, fileId, hashes);
  }
}

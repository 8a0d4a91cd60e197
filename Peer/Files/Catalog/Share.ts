import { lstatSync } from 'node:fs';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import { type Clock, every, type WallClock } from '../../../Shared/Clock.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { ShareStatus } from '../../Model.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import { type OpenedFile, openShared } from '../Disk/OpenShared.ts';
import { inside, joinPath } from '../Disk/Paths.ts';
import type { HashCache } from '../Hashing/HashCache.ts';
import type { Hasher } from '../Hashing/Hasher.ts';
import { HashPool } from '../Hashing/HashPool.ts';
import { ChangeCoalescer } from '../Watching/ChangeCoalescer.ts';
import { FolderScan } from '../Watching/FolderScan.ts';
import type { WatchFolder, Watching } from '../Watching/FolderWatcher.ts';
import type { ManifestEvents, ManifestFiles } from '../Watching/ManifestFiles.ts';
import type { ScanSettings } from '../Watching/ScanSettings.ts';
import { SelfCreatedFolders } from '../Watching/SelfCreatedFolders.ts';
import { ShareTree } from '../Watching/ShareTree.ts';
import type { Catalog } from './Catalog.ts';
import { DeferredCatalogInserts } from './DeferredCatalogInserts.ts';
import { ShareIndex } from './ShareIndex.ts';

export interface ShareOptions {
  /** Share folder, absolute, free of symbolic links. */
  readonly root: string;
  /** Names the shared files, instead of everything in the folder. */
  readonly manifest?: ManifestFiles | undefined;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly log: Log;
  readonly settings: ScanSettings;
  readonly catalog: Catalog;
  readonly cache: HashCache;
  readonly makeHasher: () => Hasher;
  readonly hashers: number;
  readonly watch: WatchFolder;
  readonly events: {
    changed(): void;
    problem(text: string): void;
    watchLimited(text: string): void;
  };
}

const PROBLEMS_MAX = 20;
/** Downloads count as running while they finish one file after the other within this time. */
const ADOPTING_MS = 300;
/** Delay of the second scan of a new folder: by then it is watched, and nothing added in between is missed. */
const SECOND_LOOK_MS = 1_000;

/**
 * Keeps the catalog equal to the share folder, or to the files of a manifest: first scan, watches, and re-scans
 * where watches are missing.
 */
export class Share {
  readonly #options: ShareOptions;
  readonly #index: ShareIndex;
  readonly #scan: FolderScan;
  readonly #pool: HashPool;
  readonly #scanEvents: ManifestEvents = {
    found: (path, state) => {
      this.#late.settle();
      this.#index.found(path, state);
    },
    gone: (path) => this.#gone(path),
    problem: (path, reason) => this.#problem(path, reason),
    solved: (place) => this.#problems.delete(place),
  };
  readonly #tree = new ShareTree();
  readonly #late: DeferredCatalogInserts;
  readonly #touched: ChangeCoalescer;
  readonly #own: SelfCreatedFolders;
  readonly #stopping = new AbortController();
  readonly #problems = new Map<string, string>();
  #watching: Watching | undefined;
  #mode: ShareStatus['mode'] = 'watching';
  #scanned = false;
  #adoptedMs = Number.NEGATIVE_INFINITY;
  #firstScan: Promise<void> = Promise.resolve();
  /** Serializes the scans. */
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ShareOptions) {
    this.#options = options;
    const { root, clock, manifest } = options;
    const { problem } = this.#scanEvents;
    this.#pool = new HashPool({
      ...(manifest === undefined ? { root } : { root: undefined, fileOf: (path) => manifest.fileOf(path) }),
      clock,
      makeHasher: options.makeHasher,
      size: options.hashers,
      finished: (path, outcome) => this.#index.hashed(path, outcome),
    });
    this.#index = new ShareIndex({
      ...options,
      root: this.cacheKey,
      pool: this.#pool,
      stateNow: (path) => stateAt(this.absolute(path)),
      problem,
      changed: options.events.changed,
    });
    this.#late = new DeferredCatalogInserts(clock, (path, state, description) =>
      this.#adopt(path, state, description),
    );
    options.catalog.completeBeforeLook(() => this.#late.settle());
    this.#scan = new FolderScan({
      root,
      clock,
      tree: this.#tree,
      events: this.#scanEvents,
    });
    this.#touched = new ChangeCoalescer(
      clock,
      options.settings.gatherMs,
      (places) => this.#look(places),
      () => clock.nowMs() - Math.max(this.#adoptedMs, this.#late.lastMs) < ADOPTING_MS,
    );
    this.#own = new SelfCreatedFolders(clock, (path) => this.#touched.addFolder(path));
  }

  get index(): ShareIndex {
    return this.#index;
  }

  /** Root under which the hash cache keeps the files of this share. */
  get cacheKey(): string {
    return this.#options.manifest?.path ?? this.#options.root;
  }

  /** Absolute location of a catalog path; '' when a manifest does not name it. */
  absolute(path: string): string {
    const { root, manifest } = this.#options;
    return manifest === undefined ? inside(root, path) : manifest.fileOf(path);
  }

  /** @throws like openShared */
  open(path: string): OpenedFile {
    const { root, manifest } = this.#options;
    return manifest === undefined ? openShared(root, path) : openShared(undefined, manifest.fileOf(path));
  }

  /** Starts watching and the first scan without waiting for either. */
  start(): void {
    const { manifest, watch, root } = this.#options;
    this.#watching = (manifest?.watch ?? watch)(root, {
      touched: (path) => this.#touched.add(path),
      folderChanged: (path) => this.#folderChanged(path),
      isOurs: (path) => this.#own.has(path),
      limited: (code) => this.#limited(code),
      problem: (text) => this.#options.log.debug(text),
    });
    const { ready } = this.#watching;
    // Scanned once everything is watched: later changes are reported by a watch.
    this.#firstScan = this.#inTurn(async () => {
      await Promise.all([ready, this.#index.loadCache()]);
      await this.#lookAtFolder('');
    }).then(async () => {
      await this.#index.settled();
      if (this.#stopping.signal.aborted) return;
      this.#index.pruneCache();
      this.#scanned = true;
    });
  }

  scanned(): Promise<void> {
    return this.#firstScan;
  }

  async rescan(): Promise<void> {
    await this.#inTurn(() => this.#lookAtFolder(''));
    await this.#index.settled();
  }

  look(path: string): void {
    this.#touched.add(path);
  }

  /** Adds one of many small files created in the share. Every lookup sees it at once. */
  adoptLate(path: string, state: FileState, description: FileDescription): void {
    this.#late.add(path, state, description);
  }

  /** Records a folder created in the share whose files are all adopted. Called in the same tick as its rename. */
  folderMade(path: string): void {
    if (this.#options.manifest === undefined) this.#own.made(path, (folder) => this.#tree.hasFolder(folder));
  }

  /** Adds a file created in the share before any watch reports it, unless a manifest omits it. */
  adopt(path: string, state: FileState, description: FileDescription): void {
    this.#adoptedMs = this.#options.clock.nowMs();
    this.#late.settle();
    this.#adopt(path, state, description);
  }

  #adopt(path: string, state: FileState, description: FileDescription): void {
    const { root, manifest } = this.#options;
    if (manifest !== undefined) {
      // Hashed again under the names it has: rare, and simple.
      for (const name of manifest.namesOf(inside(root, path))) this.look(name);
      return;
    }
    this.#tree.addFile(path);
    this.#index.adopt(path, state, description);
  }

  status(): ShareStatus {
    const { root, catalog } = this.#options;
    this.#late.settle();
    const { left } = this.#pool;
    const { waiting } = this.#index;
    return {
      folder: root,
      manifest: this.#options.manifest?.path,
      files: catalog.files,
      bytes: catalog.bytes,
      version: catalog.version,
      hashing: {
        files: left.files + waiting.files,
        bytes: left.bytes + waiting.bytes,
        bytesPerSecond: left.bytesPerSecond,
      },
      scanned: this.#scanned,
      mode: this.#mode,
      problems: Array.from(this.#problems, ([path, reason]) => ({ path, reason })).reverse(),
    };
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#touched.close();
    this.#own.close();
    this.#late.close();
    this.#index.close();
    await this.#watching?.close();
    await this.#pool.close();
    await this.#looking;
    await this.#firstScan;
  }

  #look(places: ReadonlyMap<string, ReadonlySet<string> | 'all'>): void {
    const { signal } = this.#stopping;
    void this.#inTurn(async () => {
      for (const [folder, names] of places) {
        if (names === 'all') await this.#lookAtFolder(folder);
        else for (const name of names) if (!signal.aborted) await this.#lookAtPlace(joinPath(folder, name));
      }
    });
  }

  async #lookAtFolder(path: string): Promise<void> {
    const { signal } = this.#stopping;
    const { manifest } = this.#options;
    this.#late.settle();
    if (manifest === undefined) await this.#scan.folder(path, signal);
    else await manifest.everything(this.#scanEvents, signal);
  }

  async #lookAtPlace(path: string): Promise<void> {
    const { manifest } = this.#options;
    this.#late.settle();
    if (manifest === undefined) await this.#scan.place(path, this.#stopping.signal);
    else manifest.place(path, this.#scanEvents);
  }

  #folderChanged(path: string): void {
    if (this.#own.appeared(path)) return;
    this.#touched.addFolder(path);
    this.#options.clock.after(SECOND_LOOK_MS, () => this.#touched.addFolder(path));
  }

  #gone(path: string): void {
    this.#late.settle();
    this.#problems.delete(path);
    this.#index.gone(path);
  }

  #limited(code: string): void {
    const { settings, clock, events } = this.#options;
    if (this.#mode === 're-scanning' || this.#stopping.signal.aborted) return;
    this.#mode = 're-scanning';
    const seconds = Math.round(settings.rescanMs / 1_000);
    events.watchLimited(
      `the system gives no more folder watches (${code}): changes show up within ${seconds} s. ` +
        'On Linux: sysctl fs.inotify.max_user_watches',
    );
    // With some folders unwatched, changes would be missed unnoticed: all watches are released.
    void this.#watching?.close();
    const stop = every(clock, settings.rescanMs, () => {
      void this.#inTurn(() => this.#lookAtFolder(''));
    });
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
  }

  #problem(path: string, reason: string): void {
    if (this.#problems.get(path) === reason) return;
    this.#problems.delete(path);
    this.#problems.set(path, reason);
    const [oldest] = this.#problems.keys();
    if (this.#problems.size > PROBLEMS_MAX && oldest !== undefined) this.#problems.delete(oldest);
    this.#options.events.problem(path === '' ? reason : `${path}: ${reason}`);
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#looking.then(() => (this.#stopping.signal.aborted ? undefined : task()));
    this.#looking = done.catch((failure) =>
      this.#options.log.warn(`looking at the share folder: ${failure}`),
    );
    return this.#looking;
  }
}

function stateAt(path: string): FileState | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() ? fileState(stats) : undefined;
  } catch {
    return undefined;
  }
}

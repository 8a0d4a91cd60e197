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
const SECOND_SCAN_MS = 1_000;

/** Keeps the catalog equal to the share folder or manifest: first scan, watches, and re-scans without watches. */
export class Share {
  readonly #options: ShareOptions;
  readonly #index: ShareIndex;
  readonly #folderScan: FolderScan;
  readonly #pool: HashPool;
  readonly #scanEvents: ManifestEvents = {
    found: (path, state) => {
      this.#deferred.flush();
      this.#index.found(path, state);
    },
    gone: (path) => this.#gone(path),
    problem: (path, reason) => this.#problem(path, reason),
    resolved: (subject) => this.#problems.delete(subject),
  };
  readonly #tree = new ShareTree();
  readonly #deferred: DeferredCatalogInserts;
  readonly #changes: ChangeCoalescer;
  readonly #selfCreated: SelfCreatedFolders;
  readonly #stopping = new AbortController();
  readonly #problems = new Map<string, string>();
  #watching: Watching | undefined;
  #mode: ShareStatus['mode'] = 'watching';
  #scanned = false;
  #adoptedMs = Number.NEGATIVE_INFINITY;
  #firstScan: Promise<void> = Promise.resolve();
  /** Serializes the scans. */
  #scans: Promise<void> = Promise.resolve();

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
      pool: this.#pool,
      stateNow: (path) => stateAt(this.absolute(path)),
      problem,
      changed: options.events.changed,
    });
    this.#deferred = new DeferredCatalogInserts(clock, (path, state, description) =>
      this.#adopt(path, state, description),
    );
    options.catalog.flushBeforeLookup(() => this.#deferred.flush());
    this.#folderScan = new FolderScan({
      root,
      clock,
      tree: this.#tree,
      events: this.#scanEvents,
    });
    this.#changes = new ChangeCoalescer(
      clock,
      options.settings.coalesceMs,
      (changed) => this.#scanChanged(changed),
      () => clock.nowMs() - Math.max(this.#adoptedMs, this.#deferred.lastMs) < ADOPTING_MS,
    );
    this.#selfCreated = new SelfCreatedFolders(clock, (path) => this.#changes.addFolder(path));
  }

  get index(): ShareIndex {
    return this.#index;
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
      changed: (path) => this.#changes.add(path),
      folderChanged: (path) => this.#folderChanged(path),
      isSelfCreated: (path) => this.#selfCreated.has(path),
      limited: (code) => this.#limited(code),
      problem: (text) => this.#options.log.debug(text),
    });
    const { ready } = this.#watching;
    // Scanned once everything is watched: later changes are reported by a watch.
    this.#firstScan = this.#enqueue(async () => {
      await Promise.all([ready, this.#index.loadCache()]);
      await this.#scanFolder('');
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
    await this.#enqueue(() => this.#scanFolder(''));
    await this.#index.settled();
  }

  /** Adds one of many small files created in the share. Every lookup sees it at once. */
  adoptDeferred(path: string, state: FileState, description: FileDescription): void {
    this.#deferred.add(path, state, description);
  }

  /** Records a folder created in the share whose files are all adopted. Called in the same tick as its rename. */
  folderMade(path: string): void {
    if (this.#options.manifest === undefined)
      this.#selfCreated.created(path, (folder) => this.#tree.hasFolder(folder));
  }

  /** Adds a file created in the share before any watch reports it, unless a manifest omits it. */
  adopt(path: string, state: FileState, description: FileDescription): void {
    this.#adoptedMs = this.#options.clock.nowMs();
    this.#deferred.flush();
    this.#adopt(path, state, description);
  }

  #adopt(path: string, state: FileState, description: FileDescription): void {
    const { root, manifest } = this.#options;
    if (manifest !== undefined) {
      // Hashed again under the names it has: rare, and simple.
      for (const name of manifest.namesOf(inside(root, path))) this.#changes.add(name);
      return;
    }
    this.#tree.addFile(path);
    this.#index.adopt(path, state, description);
  }

  status(): ShareStatus {
    const { root, catalog } = this.#options;
    this.#deferred.flush();
    const hashing = this.#pool.pending;
    const { pending } = this.#index;
    return {
      folder: root,
      manifest: this.#options.manifest?.path,
      files: catalog.files,
      bytes: catalog.bytes,
      version: catalog.version,
      hashing: {
        files: hashing.files + pending.files,
        bytes: hashing.bytes + pending.bytes,
        bytesPerSecond: hashing.bytesPerSecond,
      },
      scanned: this.#scanned,
      mode: this.#mode,
      problems: Array.from(this.#problems, ([path, reason]) => ({ path, reason })).reverse(),
    };
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#changes.close();
    this.#selfCreated.close();
    this.#deferred.close();
    this.#index.close();
    await this.#watching?.close();
    await this.#pool.close();
    await this.#scans;
    await this.#firstScan;
  }

  #scanChanged(changed: ReadonlyMap<string, ReadonlySet<string> | 'all'>): void {
    const { signal } = this.#stopping;
    void this.#enqueue(async () => {
      for (const [folder, names] of changed) {
        if (names === 'all') await this.#scanFolder(folder);
        else for (const name of names) if (!signal.aborted) await this.#checkPath(joinPath(folder, name));
      }
    });
  }

  async #scanFolder(path: string): Promise<void> {
    const { signal } = this.#stopping;
    const { manifest } = this.#options;
    this.#deferred.flush();
    if (manifest === undefined) await this.#folderScan.scanFolder(path, signal);
    else await manifest.scanAll(this.#scanEvents, signal);
  }

  async #checkPath(path: string): Promise<void> {
    const { manifest } = this.#options;
    this.#deferred.flush();
    if (manifest === undefined) await this.#folderScan.checkPath(path, this.#stopping.signal);
    else manifest.checkFile(path, this.#scanEvents);
  }

  #folderChanged(path: string): void {
    if (this.#selfCreated.appeared(path)) return;
    this.#changes.addFolder(path);
    this.#options.clock.after(SECOND_SCAN_MS, () => this.#changes.addFolder(path));
  }

  #gone(path: string): void {
    this.#deferred.flush();
    this.#problems.delete(path);
    this.#index.gone(path);
  }

  #limited(code: string): void {
    const { settings, clock, events } = this.#options;
    if (this.#mode === 're-scanning' || this.#stopping.signal.aborted) return;
    this.#mode = 're-scanning';
    const seconds = Math.round(settings.rescanMs / 1_000);
    events.watchLimited(
      `system limit on folder watches reached (${code}): changes are detected within ${seconds} s. ` +
        'On Linux, raise fs.inotify.max_user_watches',
    );
    // With some folders unwatched, changes would be missed unnoticed: all watches are released.
    void this.#watching?.close();
    const stop = every(clock, settings.rescanMs, () => {
      void this.#enqueue(() => this.#scanFolder(''));
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

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#scans.then(() => (this.#stopping.signal.aborted ? undefined : task()));
    this.#scans = done.catch((failure) =>
      this.#options.log.warn(`scanning the share folder failed: ${failure}`),
    );
    return this.#scans;
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

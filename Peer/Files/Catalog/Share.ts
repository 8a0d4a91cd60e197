import { lstatSync } from 'node:fs';
import type { Log } from '../../../Shared/Log.ts';
import { type Clock, sleep, type WallClock } from '../../../Shared/Time/Clock.ts';
import type { ShareStatus } from '../../ShareModel.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import { type OpenedFile, openShared } from '../Disk/OpenShared.ts';
import { inside, joinPath } from '../Disk/Paths.ts';
import type { HashCache } from '../Hashing/HashCache.ts';
import type { Hasher } from '../Hashing/Hasher.ts';
import { HashPool } from '../Hashing/HashPool.ts';
import { ChangeCoalescer } from '../Watching/ChangeCoalescer.ts';
import { FolderScan, type ScanEvents } from '../Watching/FolderScan.ts';
import type { WatchFolder } from '../Watching/FolderWatcher.ts';
import type { ManifestFiles } from '../Watching/ManifestFiles.ts';
import { lookAtRoot } from '../Watching/RootState.ts';
import type { ScanSettings } from '../Watching/ScanSettings.ts';
import { ShareTree } from '../Watching/ShareTree.ts';
import { ShareWatcher } from '../Watching/ShareWatcher.ts';
import type { WalkFolders } from '../Watching/ThreadWalk.ts';
import { AdoptedFiles } from './AdoptedFiles.ts';
import type { Catalog } from './Catalog.ts';
import { ShareIndex } from './ShareIndex.ts';
import { ShareProblems } from './ShareProblems.ts';

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
  /** Undefined: the share is read in the calling thread. */
  readonly walk: WalkFolders | undefined;
  readonly events: {
    changed(): void;
    /** Reports to the user. `notice`: no problem. */
    tell(kind: 'problem' | 'watchLimited' | 'notice', text: string): void;
  };
}

/** Downloads count as running while they finish one file after the other within this time. */
const ADOPTING_MS = 300;
/** Delay of the second scan of a new folder: by then it is watched, and nothing added in between is missed. */
const SECOND_SCAN_MS = 1_000;
/** Interval of attempts to list a folder that cannot be read. */
const UNREADABLE_RETRY_MS = 30_000;

/** Keeps the catalog equal to the share folder or manifest: first scan, watches, and re-scans without watches. */
export class Share {
  readonly #options: ShareOptions;
  readonly #index: ShareIndex;
  readonly #folderScan: FolderScan;
  readonly #pool: HashPool;
  readonly #scanEvents: ScanEvents = {
    found: (path, state) => {
      if (!this.#index.has(path)) this.adopted.flushAt(path);
      this.adopted.met(path);
      this.#index.found(path, state);
    },
    gone: (path) => this.#gone(path),
    problem: (path, reason) => this.#problems.problem(path, reason),
    resolved: (path) => this.#problems.resolved(path),
    ignored: (path, reason) => this.#problems.ignored(path, reason),
    listed: (folder, names) => this.#problems.listed(folder, names),
    unreadable: (folder) => {
      this.#options.clock.after(UNREADABLE_RETRY_MS, () => this.#changes.addFolder(folder));
    },
  };
  readonly #tree = new ShareTree();
  readonly #changes: ChangeCoalescer;
  readonly adopted: AdoptedFiles;
  readonly #stopping = new AbortController();
  readonly #problems: ShareProblems;
  readonly #watcher: ShareWatcher;
  #scanned = false;
  /** Files shared before the folder was gone or replaced. */
  #filesBefore = 0;
  #firstScan: Promise<void> = Promise.resolve();
  /** Serializes the scans. */
  #scans: Promise<void> = Promise.resolve();

  constructor(options: ShareOptions) {
    this.#options = options;
    const { root, clock, wallMs, manifest } = options;
    this.#problems = new ShareProblems((text) => options.events.tell('problem', text));
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
      problem: this.#scanEvents.problem,
      resolved: this.#scanEvents.resolved,
      changed: options.events.changed,
    });
    this.#folderScan = new FolderScan({
      root,
      clock,
      tree: this.#tree,
      events: this.#scanEvents,
      walk: options.walk,
    });
    this.#changes = new ChangeCoalescer(
      clock,
      options.settings.coalesceMs,
      (changed) => this.#scanChanged(changed),
      () => clock.nowMs() - this.adopted.lastMs < ADOPTING_MS,
    );
    this.adopted = new AdoptedFiles({
      root,
      manifest,
      clock,
      tree: this.#tree,
      catalog: options.catalog,
      index: this.#index,
      scanFolder: (path) => this.#changes.addFolder(path),
      checkName: (name) => this.#changes.add(name),
    });
    this.#watcher = new ShareWatcher({
      root,
      watch: manifest?.watch ?? options.watch,
      look: manifest === undefined ? lookAtRoot : undefined,
      clock,
      wallMs,
      rescanMs: options.settings.rescanMs,
      events: {
        changed: (path) => {
          // A folder that this program made is scanned once all of them are watched.
          if (!this.adopted.hasFolder(path)) this.#changes.add(path);
        },
        folderChanged: (path) => this.#folderChanged(path),
        isSelfCreated: (path) => this.adopted.hasFolder(path),
        problem: (text) => options.log.debug(text),
        rescan: () => this.#changes.addFolder(''),
        gone: (reason) => this.#rootGone(reason),
        back: () => this.#rootBack(),
        limited: (code) => this.#limited(code),
      },
    });
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
    const { signal } = this.#stopping;
    const ready = this.#watcher.start();
    const readAhead = () => void ready.then(() => this.#folderScan.readAhead(signal));
    // Scanned once everything is watched: later changes are reported by a watch.
    this.#firstScan = this.#enqueue(async () => {
      await Promise.all([ready, this.#index.loadCache(signal, readAhead)]);
      await this.#scanFolder('');
    }).then(async () => {
      await this.#index.settled();
      if (this.#stopping.signal.aborted) return;
      this.#warnIfEmpty(this.#index.pruneCache());
      this.#scanned = true;
    });
    void this.#firstScan.then(() => this.#prepareSearch());
  }

  scanned(): Promise<void> {
    return this.#firstScan;
  }

  async rescan(): Promise<void> {
    await this.#enqueue(() => this.#scanFolder(''));
    await this.#index.settled();
  }

  /** Iterates the folders of the share below a folder; none of a manifest. */
  folders(below: string): Iterable<string> {
    return this.#options.manifest === undefined ? this.#tree.below(below) : [];
  }

  status(): ShareStatus {
    const { root, catalog } = this.#options;
    const hashing = this.#pool.pending;
    const { pending } = this.#index;
    const deferred = this.adopted.pending;
    return {
      folder: root,
      manifest: this.#options.manifest?.path,
      files: catalog.files + deferred.files,
      bytes: catalog.bytes + deferred.bytes,
      version: catalog.version,
      hashing: {
        files: hashing.files + pending.files,
        bytes: hashing.bytes + pending.bytes,
        bytesPerSecond: hashing.bytesPerSecond,
        waiting: pending.waiting,
      },
      scanned: this.#scanned,
      ...this.#watcher.health,
      ...this.#problems.facts,
    };
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#changes.close();
    this.adopted.close();
    this.#index.close();
    await this.#watcher.close();
    await this.#pool.close();
    await this.#scans;
    await this.#firstScan;
  }

  #scanChanged(changed: ReadonlyMap<string, ReadonlySet<string> | 'all'>): Promise<void> {
    const { signal } = this.#stopping;
    return this.#enqueue(async () => {
      for (const [folder, names] of changed) {
        if (names === 'all') await this.#scanFolder(folder);
        else for (const name of names) if (!signal.aborted) await this.#checkPath(joinPath(folder, name));
      }
    });
  }

  async #scanFolder(path: string): Promise<void> {
    const { signal } = this.#stopping;
    const { manifest } = this.#options;
    await this.adopted.flushBelow(path);
    if (manifest !== undefined) await manifest.scanAll(this.#scanEvents, signal);
    else if (this.#watcher.health.mode === 'gone') this.#folderScan.forgetAll();
    else await this.#folderScan.scanFolder(path, signal);
  }

  async #checkPath(path: string): Promise<void> {
    const { manifest } = this.#options;
    this.adopted.flushAt(path);
    if (manifest !== undefined) manifest.checkFile(path, this.#scanEvents);
    else if (this.#watcher.health.mode !== 'gone')
      await this.#folderScan.checkPath(path, this.#stopping.signal);
  }

  #folderChanged(path: string): void {
    if (this.adopted.appeared(path)) return;
    this.#changes.addFolder(path);
    this.#options.clock.after(SECOND_SCAN_MS, () => this.#changes.addFolder(path));
  }

  #gone(path: string): void {
    this.#problems.resolved(path);
    this.#index.gone(path);
  }

  #rootGone(reason: string): void {
    const { root, catalog, events } = this.#options;
    this.#filesBefore = catalog.files;
    events.tell(
      'problem',
      `the share folder ${root} is gone (${reason}): nothing is shared until it is back`,
    );
    void this.#enqueue(() => this.#scanFolder(''));
  }

  #rootBack(): void {
    const { root, catalog, events } = this.#options;
    this.#filesBefore = Math.max(this.#filesBefore, catalog.files);
    void this.#enqueue(() => this.#scanFolder('')).then(async () => {
      await this.#index.settled();
      if (this.#stopping.signal.aborted || this.#watcher.health.mode === 'gone') return;
      if (catalog.files > 0)
        events.tell('notice', `the share folder ${root} is back (files: ${catalog.files})`);
      else this.#warnIfEmpty(this.#filesBefore);
      this.#filesBefore = 0;
    });
  }

  #warnIfEmpty(filesBefore: number): void {
    const { root, catalog, events } = this.#options;
    if (filesBefore === 0 || catalog.files > 0) return;
    events.tell(
      'problem',
      `the share folder ${root} is empty (files before: ${filesBefore}): is its disk mounted?`,
    );
  }

  /** Prepares the search by words in slices of milliseconds, so that the first one does not wait for it. */
  async #prepareSearch(): Promise<void> {
    const { catalog, clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && catalog.prepareSearch()) await sleep(clock, 1, signal);
  }

  #limited(code: string): void {
    const { settings, events } = this.#options;
    const seconds = Math.round(settings.rescanMs / 1_000);
    events.tell(
      'watchLimited',
      `system limit on folder watches reached (${code}): changes are detected within ${seconds} s. ` +
        'On Linux, raise fs.inotify.max_user_watches',
    );
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

import { lstatSync, type Stats } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { FSWatcher } from 'chokidar';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { isTempName } from '../Disk/SafePath.ts';
import { isIgnoredPath } from './IgnoreRules.ts';
import { isOfKernel } from './KernelFolders.ts';

/** Events of a watched tree. Paths are relative to the watched folder; "" is the folder itself. */
export interface WatchEvents {
  /** An entry of this name was created, written, renamed or removed. */
  changed(path: string): void;
  /** A folder appeared (with everything in it) or vanished. */
  folderChanged(path: string): void;
  /** The system's watch limit is reached: later changes go unnoticed. */
  limited(code: string): void;
  /** Returns true for a folder created by this program with known content: it is watched at once and listed later. */
  isSelfCreated(path: string): boolean;
  /** A folder cannot be watched. */
  problem(text: string): void;
}

export interface Watching {
  /** Resolves when every folder that existed at the start is watched. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export type WatchFolder = (root: string, events: WatchEvents) => Watching;

/** Events in LISTING_INTERVAL_MS after which folders are listed again: the kernel may have dropped some (16,384). */
const BURST_EVENTS_MAX = 8_000;

/**
 * Watches a folder tree with one watch per folder and none per file (docs/Decisions/0003-watch-folders.md).
 * Events name the file that changed; the caller stats it.
 */
export const watchFolder = (root: string, events: WatchEvents): Watching => {
  const isSelfCreated = (path: string) => events.isSelfCreated(relativeTo(root, path));
  const watcher = new FoldersOnly(isSelfCreated, {
    followSymlinks: false,
    // The caller scans the whole tree once it is watched.
    ignoreInitial: true,
    ignored: (path) => path !== root && isIgnoredPath(relativeTo(root, path)),
  });
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  watcher.once('ready', () => isReady());
  watcher.on('raw', (_event, name, details) => {
    const folder = relativeTo(root, watchedPath(details) ?? root);
    // A folder also reports changes of itself, under its own name; the parent's event is more precise.
    const path = name ? (folder === '' ? name : `${folder}/${name}`) : folder;
    // An ignored name is counted. Names below an ignored folder, or in `Temp/`, are of no interest.
    if (!isIgnoredPath(folder) && !isTempName(path)) events.changed(path);
  });
  watcher.on('addDir', (path) => events.folderChanged(relativeTo(root, path)));
  watcher.on('unlinkDir', (path) => events.folderChanged(relativeTo(root, path)));
  watcher.on('error', (failure) => {
    const code = systemCode(failure) ?? String(failure);
    if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') events.limited(code);
    else events.problem(`a folder is not watched (${code})`);
  });
  watcher.add(root);
  return {
    ready,
    close: async () => {
      await watcher.close();
      // Releases callers waiting for `ready` when closed before that.
      isReady();
    },
  };
};

/** Options that chokidar passes to each listing; the type is not exported. */
type ListingOptions = NonNullable<Parameters<FSWatcher['_readdirp']>[1]>;

/** Listing of one folder. */
type Listed = Awaited<
  NonNullable<NonNullable<ReturnType<FSWatcher['_readdirp']>>['parents'][number]['pending']>
>;

/** Minimum time between two listings of one folder. */
const LISTING_INTERVAL_MS = 1_000;

/**
 * chokidar restricted to folders. `ignored` would hide files too, but only after a stat of each, repeated at every
 * change of their folder; here they are left out of the listing. chokidar lists a folder at every event in it; here
 * the first event since the folder is watched lists it, and each one about a folder, once a second at most.
 */
class FoldersOnly extends FSWatcher {
  /** Folders listed within the last LISTING_INTERVAL_MS, each with the deferred next listing, if one was requested. */
  readonly #throttled = new Map<string, (() => void) | undefined>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Watched folders that were listed at an event: none of their folders was missed. */
  readonly #complete = new Set<string>();
  /** Listing of a complete folder at the event that is being reported. */
  #requested: { readonly folder: string; readonly list: () => void } | undefined;
  #burst = { startMs: 0, events: 0 };

  /** @param mayDefer - true when this folder (absolute) need not be listed at once */
  constructor(mayDefer: (folder: string) => boolean, options: ConstructorParameters<typeof FSWatcher>[0]) {
    super(options);
    const handler = this._nodeFsHandler;
    const list = handler._handleRead.bind(handler);
    handler._handleRead = (folder, ...rest) => {
      const isThrottled = this.#throttled.has(folder);
      if (!isThrottled) this.#throttle(folder);
      if (!isThrottled && !mayDefer(folder)) return list(folder, ...rest);
      this.#throttled.set(folder, () => list(folder, ...rest));
      return undefined;
    };
    const watch = handler._watchWithNodeFs.bind(handler);
    handler._watchWithNodeFs = (folder, listed) => {
      const close = watch(folder, (...event) => {
        if (this.#complete.has(folder)) this.#requested = { folder, list: () => listed(...event) };
        else {
          this.#complete.add(folder);
          return listed(...event);
        }
      });
      return () => {
        this.#complete.delete(folder);
        close?.();
      };
    };
    // Follows the call above in the same tick, with the name that it lacks.
    this.on('raw', (_event, name, details) => this.#named(watchedPath(details), name));
  }

  override _readdirp(root: string, options: ListingOptions = {}) {
    const inner = options.directoryFilter;
    const listing = super._readdirp(root, {
      ...options,
      type: 'directories',
      alwaysStat: false,
      fileFilter: () => false,
      directoryFilter: (entry) => {
        const stats = folderStats(entry.fullPath);
        if (stats === undefined) return false;
        // Below a folder of the kernel nothing is watched: it has thousands of folders, which come and go.
        if (isOfKernel(entry.fullPath)) return false;
        entry.stats = stats;
        return typeof inner === 'function' ? inner(entry) : true;
      },
    });
    // Files are dropped before chokidar creates entries for them: with many files that was a tenth of the start-up
    // time.
    for (const asked of listing?.parents ?? []) asked.pending &&= asked.pending.then(foldersOf);
    return listing;
  }

  override async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await super.close();
  }

  /** Lists a complete folder if an event in it is about a folder, or may be, or others may have been dropped. */
  #named(folder: string | undefined, name: string | undefined): void {
    const requested = this.#requested;
    this.#requested = undefined;
    const nowMs = performance.now();
    if (nowMs - this.#burst.startMs > LISTING_INTERVAL_MS) this.#burst = { startMs: nowMs, events: 0 };
    if (++this.#burst.events > BURST_EVENTS_MAX) this.#complete.clear();
    if (requested === undefined || requested.folder !== folder) return;
    // A folder reports changes of itself under its own name.
    const isOfFolder = !name || name === basename(folder) || this._getWatchedDir(folder).has(name);
    if (isOfFolder || folderStats(join(folder, name))) requested.list();
  }

  /** Blocks further listings of a folder for LISTING_INTERVAL_MS, then runs the deferred one, if any. */
  #throttle(folder: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const deferred = this.#throttled.get(folder);
      this.#throttled.delete(folder);
      if (deferred === undefined) return;
      this.#throttle(folder);
      deferred();
    }, LISTING_INTERVAL_MS);
    this.#throttled.set(folder, undefined);
    this.#timers.add(timer.unref());
  }
}

function foldersOf(listed: Listed): Listed {
  return {
    ...listed,
    files: listed.files?.filter((entry) => typeof entry === 'string' || entry.isDirectory()),
  };
}

/** Folder whose watch reported the event. */
function watchedPath(details: unknown): string | undefined {
  const found = typeof details === 'object' && details !== null && 'watchedPath' in details;
  return found && typeof details.watchedPath === 'string' ? details.watchedPath : undefined;
}

function folderStats(path: string): Stats | undefined {
  try {
    const stats = lstatSync(path);
    return stats.isDirectory() ? stats : undefined;
  } catch {
    return undefined;
  }
}

function relativeTo(root: string, path: string): string {
  const inside = relative(root, path);
  return sep === '/' ? inside : inside.replaceAll(sep, '/');
}

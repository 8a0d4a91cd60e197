import { lstatSync, type Stats } from 'node:fs';
import { relative, sep } from 'node:path';
import { FSWatcher } from 'chokidar';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { isIgnoredPath } from './IgnoreRules.ts';

/** Told of what may have changed. Paths are relative to the watched folder; "" is the folder itself. */
export interface WatchEvents {
  /** Something of this name was made, written, renamed or removed. */
  touched(path: string): void;
  /** A folder appeared (with everything in it), or vanished. */
  folderChanged(path: string): void;
  /** No more watches are to be had: from now on changes are missed. */
  limited(code: string): void;
  /** We have made this folder a moment ago, and know what is in it: it is watched at once, and listed a little later. */
  isOurs(path: string): boolean;
  /** A folder cannot be watched. */
  problem(text: string): void;
}

export interface Watching {
  /** Resolves when every folder that was there at the start is watched. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export type WatchFolder = (root: string, events: WatchEvents) => Watching;

/**
 * Watches a folder tree by its folders: one watch a folder, none a file (docs/Decisions/0003-watch-folders.md).
 * The system's events name the file that changed; looking at it is the caller's business.
 */
export const watchFolder: WatchFolder = (root, events) => {
  const isOurs = (path: string) => events.isOurs(relativeTo(root, path));
  const watcher = new FoldersOnly(isOurs, {
    followSymlinks: false,
    // The caller lists the whole tree once it is watched.
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
    // A folder also tells of itself, by its own name; its parent does it better.
    const path = name ? (folder === '' ? name : `${folder}/${name}`) : folder;
    if (!isIgnoredPath(path)) events.touched(path);
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
      // Closed before it was ready: nobody has to wait any more.
      isReady();
    },
  };
};

/** What chokidar gives each listing; its type is not exported. */
type ListingOptions = NonNullable<Parameters<FSWatcher['_readdirp']>[1]>;

/** What a listing holds of one folder. */
type Listed = Awaited<
  NonNullable<NonNullable<ReturnType<FSWatcher['_readdirp']>>['parents'][number]['pending']>
>;

/** chokidar lists a folder again at every event in it; with many events once in this time is enough. */
const LISTING_MS = 1_000;

/**
 * chokidar that sees folders only. `ignored` would hide files too, but only after a stat of each, again at every change
 * of their folder; here the listing leaves them out before that. It also lists a folder at most once a second: without
 * that, 20,000 files arriving in one folder kept it listing all the time (18 s of CPU; now half a second).
 */
class FoldersOnly extends FSWatcher {
  /** Folders listed within the last LISTING_MS; with the listing that waits for the end of that time, if one does. */
  readonly #listed = new Map<string, (() => void) | undefined>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param mayWait - this folder (absolute) need not be listed at once */
  constructor(mayWait: (folder: string) => boolean, options: ConstructorParameters<typeof FSWatcher>[0]) {
    super(options);
    const handler = this._nodeFsHandler;
    const list = handler._handleRead.bind(handler);
    handler._handleRead = (folder, ...rest) => {
      const isFree = !this.#listed.has(folder);
      if (isFree) this.#holdBack(folder);
      if (isFree && !mayWait(folder)) return list(folder, ...rest);
      this.#listed.set(folder, () => list(folder, ...rest));
      return undefined;
    };
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
        entry.stats = stats;
        return typeof inner === 'function' ? inner(entry) : true;
      },
    });
    // Files are left out before anything is made of them: in a share of many, that was a tenth of the start.
    for (const asked of listing?.parents ?? []) asked.pending &&= asked.pending.then(foldersOf);
    return listing;
  }

  override async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await super.close();
  }

  /** From now on it is not listed, until the time is over: then once, if somebody wanted it. */
  #holdBack(folder: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const waiting = this.#listed.get(folder);
      this.#listed.delete(folder);
      if (waiting === undefined) return;
      this.#holdBack(folder);
      waiting();
    }, LISTING_MS);
    this.#listed.set(folder, undefined);
    this.#timers.add(timer.unref());
  }
}

function foldersOf(listed: Listed): Listed {
  return {
    ...listed,
    files: listed.files?.filter((entry) => typeof entry === 'string' || entry.isDirectory()),
  };
}

/** The folder whose watch told of an event. */
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

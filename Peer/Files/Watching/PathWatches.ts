import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemCode } from '../../../Shared/ShoalError.ts';

export interface PathEvents {
  /** A watched path may have changed; identified by its key. */
  changed(key: string): void;
  /** A watched folder was removed or moved: its paths are unwatched until `set` is called again. */
  lost(): void;
  /** The system's watch limit is reached. */
  limited(code: string): void;
}

/** Names in one watched folder, each with the keys of the paths that lead through it. */
type Names = Map<string, Set<string>>;

interface FolderWatch {
  readonly watcher: FSWatcher;
  /** Device and inode: another folder at the same path needs a new watch. */
  readonly identity: string;
  names: Names;
}

/** Watches single paths anywhere on the disk, each through its folder or the nearest existing folder above. */
export class PathWatches {
  readonly #events: PathEvents;
  readonly #folders = new Map<string, FolderWatch>();
  #closed = false;

  constructor(events: PathEvents) {
    this.#events = events;
  }

  /**
   * Replaces the watched paths.
   * @param paths - absolute path and key of each
   */
  set(paths: Iterable<readonly [path: string, key: string]>): void {
    if (this.#closed) return;
    const wanted = new Map<string, Names>();
    const known = new Map<string, string | undefined>();
    for (const [path, key] of paths) {
      const [folder, name] = nearestWatchable(path, known);
      const names: Names = wanted.get(folder) ?? new Map();
      wanted.set(folder, names);
      names.set(name, (names.get(name) ?? new Set()).add(key));
    }
    for (const folder of [...this.#folders.keys()]) if (!wanted.has(folder)) this.#drop(folder);
    for (const [folder, names] of wanted) this.#watch(folder, names, known.get(folder));
  }

  close(): void {
    this.#closed = true;
    for (const folder of [...this.#folders.keys()]) this.#drop(folder);
  }

  #watch(folder: string, names: Names, identity: string | undefined): void {
    const before = this.#folders.get(folder);
    if (before !== undefined && before.identity === identity) {
      before.names = names;
      return;
    }
    this.#drop(folder);
    if (identity === undefined) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#onEvent(folder, name));
      watcher.on('error', () => this.#onEvent(folder, null));
      this.#folders.set(folder, { watcher, identity, names });
    } catch (failure) {
      const code = systemCode(failure) ?? String(failure);
      if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') this.#events.limited(code);
    }
  }

  #onEvent(folder: string, name: string | null): void {
    const names = this.#folders.get(folder)?.names;
    if (names === undefined) return;
    // A folder that is removed or renamed reports it under its own name. Its successor may have the same path,
    // even the same inode.
    if (name === basename(folder) && !names.has(name)) {
      this.#drop(folder);
      this.#events.lost();
      return;
    }
    const keys = name === null ? [...names.values()].flatMap((each) => [...each]) : (names.get(name) ?? []);
    for (const key of keys) this.#events.changed(key);
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
  }
}

/** Finds the nearest existing folder above a path, and the name in it that leads to the path. */
function nearestWatchable(path: string, known: Map<string, string | undefined>): readonly [string, string] {
  let folder = dirname(path);
  let name = basename(path);
  for (;;) {
    if (!known.has(folder)) known.set(folder, folderIdentity(folder));
    if (known.get(folder) !== undefined || dirname(folder) === folder) return [folder, name];
    name = basename(folder);
    folder = dirname(folder);
  }
}

function folderIdentity(folder: string): string | undefined {
  try {
    // Follows symbolic links: the target of a linked folder is watched.
    const stats = statSync(folder, { bigint: true });
    return stats.isDirectory() ? `${stats.dev}.${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

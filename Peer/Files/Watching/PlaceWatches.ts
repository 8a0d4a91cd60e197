import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemCode } from '../../../Shared/ShoalError.ts';

export interface PlaceEvents {
  /** Something happened at a place, named by its key. */
  touched(key: string): void;
  /** A watched folder was removed or moved: nothing is told of it until the places are set again. */
  lost(): void;
  /** The system gives no more watches. */
  limited(code: string): void;
}

/** Names in one watched folder, each with the keys of the places behind it. */
type Names = Map<string, Set<string>>;

interface FolderWatch {
  readonly watcher: FSWatcher;
  /** Device and inode: another folder of the same path needs a new watch. */
  readonly identity: string;
  names: Names;
}

/** Watches single places, wherever they lie: one watch for each folder, and where a folder is missing, the next one above. */
export class PlaceWatches {
  readonly #events: PlaceEvents;
  readonly #folders = new Map<string, FolderWatch>();
  #closed = false;

  constructor(events: PlaceEvents) {
    this.#events = events;
  }

  /** From now on these places are watched, and no others. @param places - absolute path and key of each */
  set(places: Iterable<readonly [path: string, key: string]>): void {
    if (this.#closed) return;
    const wanted = new Map<string, Names>();
    const known = new Map<string, string | undefined>();
    for (const [path, key] of places) {
      const [folder, name] = watchable(path, known);
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
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#happened(folder, name));
      watcher.on('error', () => this.#happened(folder, null));
      this.#folders.set(folder, { watcher, identity, names });
    } catch (failure) {
      const code = systemCode(failure) ?? String(failure);
      if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') this.#events.limited(code);
    }
  }

  #happened(folder: string, name: string | null): void {
    const names = this.#folders.get(folder)?.names;
    if (names === undefined) return;
    // A folder that is removed or renamed tells so under its own name. Another one may have its path, even its inode.
    if (name === basename(folder) && !names.has(name)) {
      this.#drop(folder);
      this.#events.lost();
      return;
    }
    const keys = name === null ? [...names.values()].flatMap((each) => [...each]) : (names.get(name) ?? []);
    for (const key of keys) this.#events.touched(key);
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
  }
}

/** The nearest folder above that is there, and the name in it that leads to the place. */
function watchable(path: string, known: Map<string, string | undefined>): readonly [string, string] {
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
    // Through links: what a linked folder leads to is what can be watched.
    const stats = statSync(folder, { bigint: true });
    return stats.isDirectory() ? `${stats.dev}.${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

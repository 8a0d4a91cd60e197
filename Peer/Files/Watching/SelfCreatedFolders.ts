import type { Clock } from '../../../Shared/Clock.ts';
import { splitPath } from '../Disk/Paths.ts';

/** They are looked at when for so long no watch has told of a further one: by then they are watched … */
const LOOK_MS = 1_000;
/** … and after this whatever comes. What no watch has told of after this is forgotten. */
const LOOK_MAX_MS = 5_000;

/**
 * Folders that we made in the share, with files that we know. Watches tell of each as of any new one, and listing what has just
 * been written would cost half as much as fetching it. One look for all of them is enough, for what others did before the watch was there.
 */
export class SelfCreatedFolders {
  readonly #clock: Clock;
  readonly #look: (path: string) => void;
  /** No watch has told of them yet; with the time when they were made. */
  readonly #made = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #firstMs = 0;
  #lastMs = 0;
  #cancel: (() => void) | undefined;

  /** @param look - everything below is to be looked at */
  constructor(clock: Clock, look: (path: string) => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** It has just got its name, as perhaps did those above it. @param isKnown - was there before */
  made(path: string, isKnown: (folder: string) => boolean): void {
    const nowMs = this.#clock.nowMs();
    for (let folder = path; folder !== '' && !isKnown(folder); [folder] = splitPath(folder)) {
      if (this.#waiting.has(folder)) continue;
      this.#made.delete(folder); // In the order of their times.
      this.#made.set(folder, nowMs);
    }
    for (const [folder, madeMs] of this.#made) {
      if (nowMs - madeMs < LOOK_MAX_MS) break;
      this.#made.delete(folder);
    }
  }

  /** Made a moment ago, and not looked at yet. */
  has(path: string): boolean {
    return this.#waiting.has(path) || this.#isFresh(path);
  }

  /** A watch tells of a folder. True: it is one of these, and is looked at later. */
  appeared(path: string): boolean {
    const isFresh = this.#isFresh(path);
    this.#made.delete(path);
    if (!isFresh) return false;
    this.#lastMs = this.#clock.nowMs();
    if (this.#waiting.size === 0) this.#firstMs = this.#lastMs;
    this.#waiting.add(path);
    this.#cancel ??= this.#clock.after(LOOK_MS, () => this.#due());
    return true;
  }

  close(): void {
    this.#cancel?.();
    this.#made.clear();
  }

  #isFresh(path: string): boolean {
    return this.#clock.nowMs() - (this.#made.get(path) ?? Number.NEGATIVE_INFINITY) < LOOK_MAX_MS;
  }

  #due(): void {
    const waitMs = Math.min(this.#lastMs + LOOK_MS, this.#firstMs + LOOK_MAX_MS) - this.#clock.nowMs();
    if (waitMs > 0) {
      this.#cancel = this.#clock.after(waitMs, () => this.#due());
      return;
    }
    this.#cancel = undefined;
    const folders = new Set(this.#waiting);
    this.#waiting.clear();
    for (const folder of folders) if (!isBelowOne(folder, folders)) this.#look(folder);
  }
}

/** Whether one of the others holds the folder, at whatever depth. */
function isBelowOne(folder: string, others: ReadonlySet<string>): boolean {
  for (let [above] = splitPath(folder); above !== ''; [above] = splitPath(above))
    if (others.has(above)) return true;
  return false;
}

import type { Clock } from '../../../Shared/Clock.ts';
import { splitPath } from '../Disk/Paths.ts';

/** The folders are scanned when no further one was reported for this long: by then all of them are watched. */
const LOOK_MS = 1_000;
/** Upper bound on that delay. A folder not reported by a watch within this time is dropped. */
const LOOK_MAX_MS = 5_000;

/**
 * Folders created in the share by this program, with known content. The watcher reports each as new, and listing
 * freshly written files would cost half as much as fetching them. One deferred scan of all these folders is enough
 * to
 * find files that others added before the watch existed.
 */
export class SelfCreatedFolders {
  readonly #clock: Clock;
  readonly #look: (path: string) => void;
  /** Folders not reported by a watch yet, with their creation times; oldest first. */
  readonly #made = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #firstMs = 0;
  #lastMs = 0;
  #cancel: (() => void) | undefined;

  /** @param scan - called with a folder to be scanned, including everything below it */
  constructor(clock: Clock, look: (path: string) => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /**
   * Records a folder that has just got its name, and the new folders above it.
   * @param isKnown - whether a folder existed before
   */
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

  /** Whether this program created the folder a moment ago and its scan is still pending. */
  has(path: string): boolean {
    return this.#waiting.has(path) || this.#isFresh(path);
  }

  /** Handles a folder reported by the watcher. Returns true when this program created it: its scan is deferred. */
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

/** Whether one of the others contains the folder, at any depth. */
function isBelowOne(folder: string, others: ReadonlySet<string>): boolean {
  for (let [above] = splitPath(folder); above !== ''; [above] = splitPath(above))
    if (others.has(above)) return true;
  return false;
}

import { isWithin } from '../../../Shared/Paths/PathWithin.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { movedPath, splitPath } from '../Disk/Paths.ts';

/** The folders are scanned when all were reported, the last one this long ago: by then all of them are watched. */
const SETTLE_MS = 1_000;
/**
 * Upper bound on that delay. A folder of a download is renamed when it is complete, and scanned then: a scan before
 * costs as much again, so most downloads should end within this time.
 */
const SETTLE_MAX_MS = 60_000;
/** A folder not reported by a watch within this time is dropped. */
const REPORT_MAX_MS = 5_000;

/**
 * Folders created in the share by this program, with known content. The watcher reports each as new, and listing
 * freshly written files would cost half as much as fetching them. One deferred scan of all these folders is enough to
 * find files that others added before the watch existed.
 */
export class SelfCreatedFolders {
  readonly #clock: Clock;
  readonly #scan: (path: string) => void;
  readonly #isBusy: () => boolean;
  /** Folders not reported by a watch yet, with their creation times; oldest first. */
  readonly #created = new Map<string, number>();
  readonly #pending = new Set<string>();
  #firstMs = 0;
  #lastMs = 0;
  #cancel: (() => void) | undefined;

  /**
   * @param scan - called with a folder to be scanned, including everything below it
   * @param isBusy - true while folders are being filled, which the scan waits for
   */
  constructor(clock: Clock, scan: (path: string) => void, isBusy = () => false) {
    this.#clock = clock;
    this.#scan = scan;
    this.#isBusy = isBusy;
  }

  /**
   * Records a folder that has just got its name, and the new folders above it.
   * @param isKnown - whether a folder existed before
   */
  created(path: string, isKnown: (folder: string) => boolean): void {
    const nowMs = this.#clock.nowMs();
    for (let folder = path; folder !== '' && !isKnown(folder); [folder] = splitPath(folder)) {
      if (this.#pending.has(folder)) continue;
      this.#created.delete(folder); // Re-inserted: the map stays ordered by time.
      this.#created.set(folder, nowMs);
    }
    for (const [folder, createdMs] of this.#created) {
      if (nowMs - createdMs < REPORT_MAX_MS) break;
      this.#created.delete(folder);
    }
  }

  /** A folder was renamed: those below it are reported again, under their new paths. */
  renamed(from: string, to: string): void {
    for (const folder of [...this.#created.keys(), ...this.#pending]) {
      if (!isWithin(folder, from)) continue;
      this.#created.delete(folder);
      this.#pending.delete(folder);
      this.#created.set(movedPath(folder, from, to), this.#clock.nowMs());
    }
  }

  /** Folders remembered now. Bounded, because a folder not reported in time is dropped. */
  get size(): number {
    return this.#created.size + this.#pending.size;
  }

  /** Whether this program created the folder a moment ago and its scan is still pending. */
  has(path: string): boolean {
    return this.#pending.has(path) || this.#isRecent(path);
  }

  /** Handles a folder reported by the watcher. Returns true when this program created it: its scan is deferred. */
  appeared(path: string): boolean {
    const isRecent = this.#isRecent(path);
    this.#created.delete(path);
    if (!isRecent) return false;
    this.#lastMs = this.#clock.nowMs();
    if (this.#pending.size === 0) this.#firstMs = this.#lastMs;
    this.#pending.add(path);
    this.#cancel ??= this.#clock.after(SETTLE_MS, () => this.#scanWhenDue());
    return true;
  }

  close(): void {
    this.#cancel?.();
    this.#created.clear();
  }

  #isRecent(path: string): boolean {
    return this.#clock.nowMs() - (this.#created.get(path) ?? Number.NEGATIVE_INFINITY) < REPORT_MAX_MS;
  }

  #scanWhenDue(): void {
    const nowMs = this.#clock.nowMs();
    // A folder that is reported after the scan would be scanned again.
    const isReported = [...this.#created.keys()].every((folder) => !this.#isRecent(folder));
    const settledMs = isReported && !this.#isBusy() ? this.#lastMs + SETTLE_MS : nowMs + SETTLE_MS;
    const waitMs = Math.min(settledMs, this.#firstMs + SETTLE_MAX_MS) - nowMs;
    if (waitMs > 0) {
      this.#cancel = this.#clock.after(waitMs, () => this.#scanWhenDue());
      return;
    }
    this.#cancel = undefined;
    const folders = new Set(this.#pending);
    this.#pending.clear();
    for (const folder of folders) if (!isBelowOne(folder, folders)) this.#scan(folder);
  }
}

/** Whether one of the others contains the folder, at any depth. */
function isBelowOne(folder: string, others: ReadonlySet<string>): boolean {
  for (let [above] = splitPath(folder); above !== ''; [above] = splitPath(above))
    if (others.has(above)) return true;
  return false;
}

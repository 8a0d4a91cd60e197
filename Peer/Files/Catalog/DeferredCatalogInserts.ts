import type { FileId } from '../../../Protocol/Ids.ts';
import { isWithin } from '../../../Shared/Paths/PathWithin.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { type FolderRename, renamedPath } from '../Hashing/HashCache.ts';
import { type InstalledFile, InstalledFiles, type TakenFile } from './InstalledFiles.ts';

/** Pending files are inserted when none was added for this long. */
const QUIET_MS = 100;
/** Upper bound on that delay, however many files are added. */
const DEFERRAL_MAX_MS = 2_000;
/**
 * Upper bound on the delay of files in an incomplete folder. Most folders are complete earlier, and their files are
 * inserted once, under their final paths; those of a longer download can be found by other peers after this time.
 */
const HELD_MAX_MS = 60_000;
/**
 * Limits of pending files; beyond them, each added file causes one insertion. The first is also the number of files
 * that a list or a search inserts, about 150 ms, and up to which a download is done without waiting for insertions.
 */
const PENDING_MAX = 32_768;
const HELD_MAX = 262_144;
/** Insertions before the thread is yielded: a few milliseconds. */
const SLICE_FILES = 500;

/** Pending files, in the order in which they were added. */
interface Queue {
  /** All files lie below this folder; "" is the share itself. */
  folder: string;
  /** The folder is incomplete. */
  isHeld: boolean;
  readonly files: InstalledFiles;
  /** Each applies to the files that were added before it: those with a number below `before`. */
  readonly renames: { readonly rename: FolderRename; readonly before: number }[];
  firstMs: number;
  lastMs: number;
}

/**
 * Files of one chunk created in the share but not inserted in the catalog yet: at thousands per second, inserting
 * costs as much as fetching. Every reader of the catalog or the share that does not find a file calls a `flush`.
 */
export class DeferredCatalogInserts {
  readonly #clock: Clock;
  readonly #insert: (file: InstalledFile) => void;
  #queues: Queue[] = [];
  readonly #held = new Set<string>();
  #bytes = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, insert: (file: InstalledFile) => void) {
    this.#clock = clock;
    this.#insert = insert;
  }

  /** Time of the last addition; `-Infinity`: none. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Files that are not inserted yet, and their bytes. */
  get pending(): { readonly files: number; readonly bytes: number } {
    return { files: this.#queues.reduce((sum, { files }) => sum + files.pending, 0), bytes: this.#bytes };
  }

  /** More files are pending than one `flush` should insert. */
  get isOverfull(): boolean {
    return this.#queues.some(({ isHeld, files }) => !isHeld && files.pending > PENDING_MAX);
  }

  /** Whether a folder is held. */
  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  add(file: InstalledFile): void {
    const queue = this.#queueOf(file.path);
    queue.lastMs = this.#clock.nowMs();
    this.#lastMs = queue.lastMs;
    if (queue.files.pending === 0) queue.firstMs = queue.lastMs;
    queue.files.add(file);
    this.#bytes += file.state.size;
    if (queue.files.pending > (queue.isHeld ? HELD_MAX : PENDING_MAX)) this.#take(queue, 1);
    this.#cancel ??= this.#clock.after(QUIET_MS, () => this.#tick());
  }

  /** Inserts all pending files up to PENDING_MAX, for a list or a search. The others follow in slices. */
  flush(): void {
    let left = PENDING_MAX;
    for (const queue of this.#queues) {
      left -= this.#take(queue, left);
      queue.firstMs = Number.NEGATIVE_INFINITY;
    }
  }

  /**
   * Inserts the pending files that may lie at a path or below it.
   * @param max - insertions
   * @returns their number
   */
  flushAt(path: string, max = Number.POSITIVE_INFINITY): number {
    let taken = 0;
    for (const queue of this.#queues)
      if (isWithin(path, queue.folder) || isWithin(queue.folder, path))
        taken += this.#take(queue, max - taken);
    return taken;
  }

  /** Inserts the pending files if one of them may have this path; none for that of a folder. @returns their number */
  flushFile(path: string): number {
    return this.#queues
      .filter(({ folder }) => path !== folder && isWithin(path, folder))
      .reduce((taken, queue) => taken + this.#take(queue, queue.files.pending), 0);
  }

  /** Inserts the pending files with this content. @returns their number */
  flushContent(fileId: FileId): number {
    let taken = 0;
    for (const { files, renames } of this.#queues)
      for (const file of files.takeContent(fileId)) {
        this.#insertTaken(file, renames);
        taken++;
      }
    return taken;
  }

  /** Inserts some of the files that are due. */
  flushSlice(): void {
    for (const queue of this.#queues) if (!queue.isHeld) this.#take(queue, SLICE_FILES);
  }

  /** Holds the files that are added below an incomplete folder. */
  hold(folder: string): void {
    this.#held.add(folder);
  }

  /** The folder keeps its name for now: its files are inserted like others. */
  release(folder: string): void {
    this.#held.delete(folder);
    for (const queue of this.#queues) if (queue.folder === folder) queue.isHeld = false;
  }

  /** A folder was renamed: its pending files are inserted under their new paths. */
  rename(from: string, to: string): void {
    this.release(from);
    for (const queue of this.#queues) {
      const { files, renames, folder } = queue;
      queue.folder = folder === from ? to : renamedPath(folder, { from, to });
      if (files.pending > 0) renames.push({ rename: { from, to }, before: files.length });
    }
  }

  close(): void {
    this.flushAt('');
    this.#cancel?.();
  }

  #queueOf(path: string): Queue {
    let held = '';
    for (const folder of this.#held) if (path.startsWith(`${folder}/`)) held = folder;
    const isHeld = held !== '';
    let queue = this.#queues.find((each) => each.folder === held && each.isHeld === isHeld);
    if (queue === undefined) {
      const files = new InstalledFiles();
      queue = { folder: held, isHeld, files, renames: [], firstMs: 0, lastMs: 0 };
      this.#queues.push(queue);
    }
    return queue;
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      if (nowMs >= dueMs(queue)) this.#take(queue, SLICE_FILES);
      if (queue.files.pending > 0) nextMs = Math.min(nextMs, dueMs(queue));
    }
    this.#queues = this.#queues.filter(({ files }) => files.pending > 0);
    this.#cancel = undefined;
    if (this.#queues.length === 0) return;
    const delayMs = Math.min(QUIET_MS, Math.max(1, nextMs - nowMs));
    this.#cancel = this.#clock.after(delayMs, () => this.#tick());
  }

  /** Inserts the oldest files of a queue, and returns their number. */
  #take({ files, renames }: Queue, max: number): number {
    for (let taken = 0; taken < max; taken++) {
      const file = files.take();
      if (file === undefined) return taken;
      this.#insertTaken(file, renames);
    }
    return max;
  }

  #insertTaken(file: TakenFile, renames: Queue['renames']): void {
    this.#bytes -= file.state.size;
    let { path } = file;
    for (const { rename, before } of renames) if (file.number < before) path = renamedPath(path, rename);
    this.#insert(path === file.path ? file : { ...file, path });
  }
}

function dueMs({ isHeld, firstMs, lastMs }: Queue): number {
  return isHeld ? firstMs + HELD_MAX_MS : Math.min(lastMs + QUIET_MS, firstMs + DEFERRAL_MAX_MS);
}

import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import type { Clock, WallClock } from '../../../Shared/Time/Clock.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import type { HashPool } from '../Hashing/HashPool.ts';
import type { ScanSettings } from '../Watching/ScanSettings.ts';
import { WriteStabilizer } from '../Watching/WriteStabilizer.ts';

export interface PendingHashesOptions {
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly settings: ScanSettings;
  readonly pool: Pick<HashPool, 'add' | 'remove' | 'isFull'>;
  /** Reads the current state of a file; undefined when it is gone. */
  readonly stateNow: (path: string) => FileState | undefined;
  /** A file that was due is gone. */
  readonly gone: (path: string) => void;
  /** A file is being written all the time. */
  readonly restless: (path: string) => void;
  /** A file that could not be read is looked at again. */
  readonly retry: (path: string) => void;
}

/** Interval of checks for due files, and files handled per check. */
const TICK_MS = 50;
const TICK_FILES = 500;
/** Interval of checks for files that are being written all the time. */
const RESTLESS_CHECK_MS = 500;
/** Interval of attempts to read files that could not be read, as not every cause changes the file, and their number. */
const RETRY_MS = 30_000;
const RETRY_FILES = 500;
/** Damaged files that are remembered. */
const DAMAGED_MAX = 1_000;

/** Files without a known hash: in their quiet period, in the pool, or unreadable for now. */
export class PendingHashes {
  readonly #options: PendingHashesOptions;
  readonly #stabilizer: WriteStabilizer;
  /** Files queued in the pool, with the state to be hashed. */
  readonly #hashing = new Map<string, FileState>();
  /** Files that could not be read in this state; oldest failure first. */
  readonly #failed = new Map<string, FileState>();
  /** Damaged files: never hashed in this state, which would make the damage a content of its own. */
  readonly #damaged = new BoundedMap<string, FileState>(DAMAGED_MAX);
  readonly #waiters = new Set<{ readonly paths: Set<string>; readonly resolve: () => void }>();
  #cancelTick: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #restlessCheckMs = 0;
  #isClosed = false;

  constructor(options: PendingHashesOptions) {
    this.#options = options;
    this.#stabilizer = new WriteStabilizer(options.settings);
  }

  /** Files that are not queued in the pool yet, and their bytes; `waiting`: of these, files in their quiet period. */
  get counts(): { readonly files: number; readonly bytes: number; readonly waiting: number } {
    return { files: this.#stabilizer.size, bytes: this.#stabilizer.bytes, waiting: this.#stabilizer.waiting };
  }

  /** Whether a file is being hashed in this state. */
  isHashing(path: string, state: FileState): boolean {
    const queued = this.#hashing.get(path);
    return queued !== undefined && sameState(queued, state);
  }

  /**
   * Whether a file could not be read in this state, or is damaged. New access rights are another state: they change the
   * ctime.
   */
  hasFailed(path: string, state: FileState): boolean {
    const failed = this.#failed.get(path) ?? this.#damaged.get(path);
    return failed !== undefined && sameState(failed, state);
  }

  /** Hashes a file once it has been quiet. */
  add(path: string, state: FileState): void {
    const untouchedMs = this.#options.wallMs() - state.touchedMs;
    this.#failed.delete(path);
    this.#damaged.delete(path);
    this.#stabilizer.observe(path, state, this.#options.clock.nowMs(), untouchedMs);
    this.#scheduleTick(untouchedMs >= this.#options.settings.quietMs ? 0 : TICK_MS);
  }

  /** Takes a file out of the pool, whose result has arrived. @returns the state that was to be hashed */
  take(path: string): FileState | undefined {
    const queued = this.#hashing.get(path);
    this.#hashing.delete(path);
    return queued;
  }

  /** A file was hashed in its current state. */
  rested(path: string, { touchedMs }: FileState): void {
    this.#stabilizer.rested(path, this.#options.clock.nowMs(), this.#options.wallMs() - touchedMs);
  }

  /** A file changed while it was hashed. */
  backOff(path: string): void {
    this.#stabilizer.backOff(path);
  }

  /** A file could not be read. */
  failed(path: string, state: FileState): void {
    this.#failed.set(path, state);
    this.#scheduleRetry();
  }

  /** A file is damaged: it is not hashed until it changes. */
  damaged(path: string, state: FileState): void {
    this.#damaged.set(path, state);
  }

  /** The hash of a file is known, or not wanted. */
  cancel(path: string): void {
    this.#stabilizer.cancel(path);
    this.#failed.delete(path);
    this.#hashing.delete(path);
  }

  /** A file does not exist any more. */
  forget(path: string): void {
    this.#stabilizer.forget(path);
    this.#failed.delete(path);
    if (this.#hashing.delete(path)) this.#options.pool.remove(path);
  }

  /** Nothing more is to be waited for at this path. */
  settle(path: string): void {
    for (const waiter of this.#waiters) {
      if (!waiter.paths.delete(path) || waiter.paths.size > 0) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves when each file pending now was settled. After `close`, resolves at once. */
  settled(): Promise<void> {
    const paths = new Set(this.#hashing.keys());
    for (const path of this.#stabilizer.restingPaths()) paths.add(path);
    if (paths.size === 0 || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add({ paths, resolve }));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#cancelRetry?.();
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters.clear();
  }

  #tick(): void {
    const { clock, pool, stateNow, gone } = this.#options;
    // The stabilizer keeps a number for each file due, the pool and this class objects.
    const due = pool.isFull ? [] : this.#stabilizer.takeDue(clock.nowMs(), TICK_FILES);
    for (const { path, state } of due) {
      const now = stateNow(path);
      if (now === undefined) gone(path);
      else if (state !== undefined && !sameState(now, state))
        this.#stabilizer.observe(path, now, clock.nowMs(), -1);
      else {
        this.#hashing.set(path, now);
        pool.add(path, now.size);
      }
    }
    this.#checkRestless();
    this.#cancelTick = undefined;
    if (this.#stabilizer.size > 0) this.#scheduleTick(due.length === TICK_FILES ? 0 : TICK_MS);
  }

  #scheduleTick(delayMs: number): void {
    this.#cancelTick ??= this.#options.clock.after(delayMs, () => this.#tick());
  }

  #checkRestless(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs < this.#restlessCheckMs) return;
    this.#restlessCheckMs = nowMs + RESTLESS_CHECK_MS;
    for (const path of this.#stabilizer.takeRestless(nowMs)) {
      this.#options.restless(path);
      this.settle(path);
    }
  }

  #scheduleRetry(): void {
    this.#cancelRetry ??= this.#options.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      for (const path of [...this.#failed.keys()].slice(0, RETRY_FILES)) {
        this.#failed.delete(path);
        this.#options.retry(path);
      }
      if (this.#failed.size > 0) this.#scheduleRetry();
    });
  }
}

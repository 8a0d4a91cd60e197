import type { FileId } from '../../../Protocol/Ids.ts';
import { PATH_BYTES_MAX, SHARE_FILES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock, WallClock } from '../../../Shared/Time/Clock.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import type { HashCache } from '../Hashing/HashCache.ts';
import type { HashOutcome } from '../Hashing/HashFile.ts';
import type { HashPool } from '../Hashing/HashPool.ts';
import { isIgnoredPath } from '../Watching/IgnoreRules.ts';
import type { ScanSettings } from '../Watching/ScanSettings.ts';
import { WriteStabilizer } from '../Watching/WriteStabilizer.ts';
import type { Catalog } from './Catalog.ts';
import { REMEMBERED, SHARED } from './FileTable.ts';
import { RememberedHashes } from './RememberedHashes.ts';

export interface ShareIndexOptions {
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly settings: ScanSettings;
  readonly catalog: Catalog;
  readonly cache: HashCache;
  readonly pool: Pick<HashPool, 'add' | 'remove' | 'isFull'>;
  /** Reads the current state of a file; undefined when it is gone. */
  readonly stateNow: (path: string) => FileState | undefined;
  readonly problem: (path: string, reason: string) => void;
  /** The problem of this file, if any, no longer exists: it is shared. */
  readonly resolved: (path: string) => void;
  readonly changed: () => void;
  /** Limit of shared files, and of removed files whose hashes are kept. Default: SHARE_FILES_MAX. */
  readonly filesMax?: number;
}

/** Interval of checks for due files, and files handled per check. */
const TICK_MS = 50;
const TICK_FILES = 500;
/** Interval of checks for files that are being written all the time. */
const RESTLESS_CHECK_MS = 500;
/** Interval of attempts to read files that could not be read, as not every cause changes the file, and their number. */
const RETRY_MS = 30_000;
const RETRY_FILES = 500;

/**
 * Decides for each file found on disk whether its hash is known, cached, taken over from a renamed file, or to be
 * computed once the file is quiet. The catalog lists a file only in the state it was hashed in.
 */
export class ShareIndex {
  readonly #options: ShareIndexOptions;
  readonly #remembered: RememberedHashes;
  readonly #stabilizer: WriteStabilizer;
  /** Files queued in the pool, with the state to be hashed. */
  readonly #hashing = new Map<string, FileState>();
  /** Files that could not be read in this state; oldest failure first. */
  readonly #failed = new Map<string, FileState>();
  readonly #waiters = new Set<{ readonly paths: Set<string>; readonly resolve: () => void }>();
  #cancelTick: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #restlessCheckMs = 0;
  readonly #filesMax: number;
  #isFull = false;
  #isClosed = false;

  constructor(options: ShareIndexOptions) {
    this.#options = options;
    this.#filesMax = options.filesMax ?? SHARE_FILES_MAX;
    this.#stabilizer = new WriteStabilizer(options.settings);
    this.#remembered = new RememberedHashes(options.catalog.table, options.cache, this.#filesMax);
  }

  /** Files that are not queued for hashing yet, and their bytes; `waiting`: of these, files in their quiet period. */
  get pending(): { readonly files: number; readonly bytes: number; readonly waiting: number } {
    return { files: this.#stabilizer.size, bytes: this.#stabilizer.bytes, waiting: this.#stabilizer.waiting };
  }

  loadCache(...options: Parameters<RememberedHashes['load']>): Promise<void> {
    return this.#remembered.load(...options);
  }

  /**
   * Removes cache entries of files that no longer exist. Called after a complete scan.
   * @returns the number of files of an earlier run in a share that is empty now
   */
  pruneCache(): number {
    // An empty folder may be an unmounted disk: its hashes are worth keeping.
    if (this.#options.catalog.files === 0) return this.#remembered.count();
    this.#remembered.prune();
    return 0;
  }

  /** Handles a file that exists in this state. */
  found(path: string, state: FileState): void {
    const { table } = this.#options.catalog;
    const row = table.rowOf(path);
    if (row !== undefined && table.has(row, SHARED) && table.isSame(row, state)) {
      this.#stabilizer.cancel(path);
      this.#settle(path);
      return;
    }
    const before = this.#hashing.get(path);
    if (before !== undefined && sameState(before, state)) return;
    const failed = this.#failed.get(path);
    // Retried at once when its state changes; new access rights change the ctime too.
    if (failed !== undefined && sameState(failed, state)) {
      this.#settle(path);
      return;
    }
    this.#failed.delete(path);
    if (this.#recall(path, row, state)) return;
    const untouchedMs = this.#options.wallMs() - state.touchedMs;
    this.#stabilizer.observe(path, state, this.#options.clock.nowMs(), untouchedMs);
    this.#scheduleTick(untouchedMs >= this.#options.settings.quietMs ? 0 : TICK_MS);
  }

  /** Handles a file that does not exist (any more). */
  gone(path: string): void {
    const { pool, catalog, changed } = this.#options;
    this.#stabilizer.forget(path);
    this.#failed.delete(path);
    if (this.#hashing.delete(path)) pool.remove(path);
    const row = this.#sharedRow(path);
    if (row !== undefined) {
      catalog.remove(path);
      this.#remembered.keep(row);
      changed();
    }
    this.#settle(path);
  }

  /** Handles a result of the pool. The hash is valid only if the file is still in the state that was read. */
  hashed(path: string, outcome: HashOutcome): void {
    const queued = this.#hashing.get(path);
    if (queued === undefined) return; // Removed in the meantime.
    this.#hashing.delete(path);
    const now = this.#options.stateNow(path);
    if (now === undefined) this.gone(path);
    else if (outcome.kind === 'hashed' && sameState(outcome.state, now)) {
      this.#options.cache.put(path, { state: now, fileId: outcome.fileId }, outcome.hashes);
      this.#stabilizer.rested(path, this.#options.clock.nowMs(), this.#options.wallMs() - now.touchedMs);
      this.#put(path, now, outcome.fileId);
    } else {
      this.#drop(path);
      if (outcome.kind === 'failed') {
        this.#failed.set(path, queued);
        this.#scheduleRetry();
        this.#options.problem(path, `cannot be read (${outcome.code})`);
      } else this.#stabilizer.backOff(path);
      this.found(path, now);
      this.#settle(path);
    }
  }

  /** Adds a file written by this program. @param hashes - of its chunks, in hex */
  adopt(path: string, state: FileState, fileId: FileId, hashes: string): void {
    if (isIgnoredPath(path) || Buffer.byteLength(path) > PATH_BYTES_MAX) return;
    this.#options.cache.put(path, { state, fileId }, hashes);
    this.#put(path, state, fileId);
  }

  /** Whether a file is shared. */
  has(path: string): boolean {
    return this.#sharedRow(path) !== undefined;
  }

  /** A folder was renamed. Followed by `moved` for each file below it that is shared. */
  folderMoved(from: string, to: string): void {
    this.#options.cache.renameFolder({ from, to });
  }

  /** Moves a file whose folder was renamed: its state and hashes stay. */
  moved(path: string, to: string): void {
    const { catalog, stateNow } = this.#options;
    const row = this.#sharedRow(path);
    if (row === undefined) {
      const state = stateNow(to);
      if (state !== undefined) this.found(to, state);
      this.gone(path);
      return;
    }
    const [state, fileId] = [catalog.table.state(row), catalog.table.fileId(row)];
    this.#drop(path);
    this.#settle(path);
    this.#put(to, state, fileId);
  }

  /** State in which a file of the catalog was hashed. */
  stateOf(path: string): FileState | undefined {
    const row = this.#sharedRow(path);
    return row === undefined ? undefined : this.#options.catalog.table.state(row);
  }

  /** Hashes a file again of which only the ctime changed. Meanwhile it is served, and each chunk read is checked. */
  metadataChanged(path: string): void {
    const state = this.#options.stateNow(path);
    if (state === undefined) this.gone(path);
    else this.found(path, state);
  }

  /** Withdraws a file that no longer matches its hash, until it is hashed again. */
  invalidate(path: string): void {
    if (this.#options.stateNow(path) !== undefined) this.#drop(path);
    this.metadataChanged(path);
  }

  /** Withdraws a file whose chunk hashes are lost, and hashes it again. */
  rehash(path: string): void {
    this.#options.cache.remove(path);
    if (this.#sharedRow(path) === undefined) this.#remembered.forget(path);
    this.invalidate(path);
  }

  /**
   * Resolves when every file pending or being hashed now is in the catalog, void, gone or reported as a problem. A
   * file that is being written all the time is a problem. After `close`, resolves at once.
   */
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

  /**
   * Shares a file whose state was hashed before: at this path in an earlier run, or at a path that no longer exists.
   * @returns false when it has to be hashed
   */
  #recall(path: string, row: number | undefined, state: FileState): boolean {
    const { cache, catalog, stateNow } = this.#options;
    const { table } = catalog;
    if (row !== undefined && table.has(row, REMEMBERED)) {
      if (table.isSameAsBefore(row, state)) {
        this.#share(path, row, () => catalog.restore(row, state));
        return true;
      }
      this.#remembered.forget(path);
    }
    const former = table.withContentOf(state);
    const formerPath = former === undefined ? path : table.path(former);
    if (former === undefined || formerPath === path || stateNow(formerPath) !== undefined) return false;
    this.gone(formerPath);
    const hashes = cache.hashes(formerPath);
    if (hashes === undefined || table.path(former) !== formerPath) return false;
    const fileId = table.fileId(former);
    this.#remembered.forget(formerPath);
    cache.remove(formerPath);
    cache.put(path, { state, fileId }, hashes);
    this.#put(path, state, fileId);
    return true;
  }

  #put(path: string, state: FileState, fileId: FileId): void {
    const { catalog } = this.#options;
    this.#share(path, catalog.table.rowOf(path), () => catalog.put(path, state, fileId));
  }

  /**
   * Shares a file, unless there are too many.
   * @param row - of this path, if it has one
   * @param put - inserts the file into the catalog and returns its row
   */
  #share(path: string, row: number | undefined, put: () => number): void {
    const { table, files } = this.#options.catalog;
    this.#stabilizer.cancel(path);
    this.#hashing.delete(path);
    if (files >= this.#filesMax && (row === undefined || !table.has(row, SHARED))) {
      this.#remembered.forget(path);
      const reason = `more than ${this.#filesMax} files: this one and later ones are not shared`;
      if (!this.#isFull) this.#options.problem(path, reason);
      this.#isFull = true;
    } else {
      this.#remembered.found(put());
      this.#options.resolved(path);
      this.#options.changed();
    }
    this.#settle(path);
  }

  #sharedRow(path: string): number | undefined {
    const { table } = this.#options.catalog;
    const row = table.rowOf(path);
    return row !== undefined && table.has(row, SHARED) ? row : undefined;
  }

  /** Removes a file from the catalog; the file still exists. */
  #drop(path: string): void {
    if (this.#sharedRow(path) === undefined) return;
    this.#options.catalog.remove(path);
    this.#remembered.forget(path);
    this.#options.changed();
  }

  #tick(): void {
    const { clock, pool } = this.#options;
    // The stabilizer keeps a number for each file due, the pool and this index objects.
    const due = pool.isFull ? [] : this.#stabilizer.takeDue(clock.nowMs(), TICK_FILES);
    for (const { path, state } of due) {
      const now = this.#options.stateNow(path);
      if (now === undefined) this.gone(path);
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

  /** Withdraws files that are being written all the time, and reports them. */
  #checkRestless(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs < this.#restlessCheckMs) return;
    this.#restlessCheckMs = nowMs + RESTLESS_CHECK_MS;
    for (const path of this.#stabilizer.takeRestless(nowMs)) {
      this.#drop(path);
      this.#options.problem(path, 'is being written: shared as soon as nobody writes to it');
      this.#settle(path);
    }
  }

  #scheduleRetry(): void {
    this.#cancelRetry ??= this.#options.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      for (const path of [...this.#failed.keys()].slice(0, RETRY_FILES)) {
        this.#failed.delete(path);
        this.invalidate(path);
      }
      if (this.#failed.size > 0) this.#scheduleRetry();
    });
  }

  #settle(path: string): void {
    for (const waiter of this.#waiters) {
      if (!waiter.paths.delete(path) || waiter.paths.size > 0) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

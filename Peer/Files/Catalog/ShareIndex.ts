import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { CATALOG_FILES_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock, WallClock } from '../../../Shared/Clock.ts';
import { type FileState, sameAsBefore, sameState } from '../Disk/FileState.ts';
import type { HashCache, HashedFile } from '../Hashing/HashCache.ts';
import type { HashOutcome } from '../Hashing/HashFile.ts';
import type { HashPool } from '../Hashing/HashPool.ts';
import { isIgnoredPath } from '../Watching/IgnoreRules.ts';
import type { ScanSettings } from '../Watching/ScanSettings.ts';
import { WriteStabilizer } from '../Watching/WriteStabilizer.ts';
import type { Catalog } from './Catalog.ts';

export interface ShareIndexOptions {
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly settings: ScanSettings;
  readonly catalog: Catalog;
  readonly cache: HashCache;
  readonly pool: Pick<HashPool, 'add' | 'remove'>;
  /** Reads the current state of a file; undefined when it is gone. */
  readonly stateNow: (path: string) => FileState | undefined;
  readonly problem: (path: string, reason: string) => void;
  /** The problem of this file, if any, no longer exists: it is shared. */
  readonly resolved: (path: string) => void;
  readonly changed: () => void;
  /** Limit of shared files, and of removed files whose hashes are kept. Default: CATALOG_FILES_MAX. */
  readonly filesMax?: number;
}

/** Interval of checks for due files, and files handled per check. */
const TICK_MS = 50;
const TICK_FILES = 500;
/** Interval of checks for files that are being written all the time. */
const RESTLESS_CHECK_MS = 500;
/** Interval of attempts to read files that could not be read: not every cause changes the file. */
const RETRY_MS = 30_000;
/** Files read again per attempt. */
const RETRY_FILES = 500;

/**
 * Decides for each file found on disk whether its hash is known, cached, taken over from a renamed file, or to be
 * computed once the file is quiet. The catalog lists a file only in the state it was hashed in.
 */
export class ShareIndex {
  readonly #options: ShareIndexOptions;
  /** State in which each file of the catalog was hashed. */
  readonly #known = new Map<string, FileState>();
  /** Hashes of removed files and of files not found yet in this run, by path: a file may reappear under another name. */
  readonly #cached = new Map<string, HashedFile>();
  /** Last path of each content state, to recognize renamed files. */
  readonly #pathByContent = new Map<string, string>();
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

  constructor(options: ShareIndexOptions) {
    this.#options = options;
    this.#filesMax = options.filesMax ?? CATALOG_FILES_MAX;
    this.#stabilizer = new WriteStabilizer(options.settings);
  }

  /** Files in their quiet period, and their bytes. */
  get pending(): { readonly files: number; readonly bytes: number } {
    return { files: this.#stabilizer.size, bytes: this.#stabilizer.bytes };
  }

  async loadCache(): Promise<void> {
    const { cache } = this.#options;
    for await (const [path, file] of cache.load()) {
      this.#cached.set(path, file);
      this.#pathByContent.set(file.state.content, path);
    }
  }

  /**
   * Removes cache entries of files that no longer exist. Called after a complete scan.
   * @returns the number of files of an earlier run in a share that is empty now
   */
  pruneCache(): number {
    // An empty folder may be an unmounted disk: its hashes are worth keeping.
    if (this.#known.size === 0) return this.#cached.size;
    for (const [path, file] of [...this.#cached]) this.#dropCached(path, file);
    return 0;
  }

  /** Handles a file that exists in this state. */
  found(path: string, state: FileState): void {
    const known = this.#known.get(path);
    if (known !== undefined && sameState(known, state)) {
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
    const fileId = this.#recall(path, state);
    if (fileId !== undefined) {
      this.#put(path, state, fileId);
      return;
    }
    const untouchedMs = this.#options.wallMs() - state.touchedMs;
    this.#stabilizer.observe(path, state, this.#options.clock.nowMs(), untouchedMs);
    this.#scheduleTick(untouchedMs >= this.#options.settings.quietMs ? 0 : TICK_MS);
  }

  /** Handles a file that does not exist (any more). */
  gone(path: string): void {
    const { pool, catalog } = this.#options;
    this.#stabilizer.forget(path);
    this.#failed.delete(path);
    if (this.#hashing.delete(path)) pool.remove(path);
    const state = this.#known.get(path);
    const entry = catalog.findPath(path);
    if (state !== undefined && entry !== undefined) {
      this.#cached.set(path, { state, fileId: entry.fileId });
      this.#trimCached();
    }
    this.#drop(path);
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
      this.#store(path, now, outcome.fileId, outcome.hashes);
      this.#stabilizer.rested(path, this.#options.clock.nowMs());
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

  /** Adds a file written by this program, chunk by chunk: its hashes are known. */
  adopt(path: string, state: FileState, description: FileDescription): void {
    if (isIgnoredPath(path) || Buffer.byteLength(path) > PATH_BYTES_MAX) return;
    this.#store(path, state, description.fileId, description.chunkHashes.join(''));
    this.#put(path, state, description.fileId);
  }

  /** State in which a file of the catalog was hashed. */
  stateOf(path: string): FileState | undefined {
    return this.#known.get(path);
  }

  /** Hashes a file again of which only the ctime changed. Meanwhile it is served, and each chunk read is checked. */
  metadataChanged(path: string): void {
    const state = this.#options.stateNow(path);
    if (state === undefined) this.gone(path);
    else this.found(path, state);
  }

  /** Withdraws a file that no longer matches its hash, until it is hashed again. */
  invalidate(path: string): void {
    const state = this.#options.stateNow(path);
    if (state === undefined) this.gone(path);
    else {
      this.#drop(path);
      this.found(path, state);
    }
  }

  /** Withdraws a file whose chunk hashes are lost, and hashes it again. */
  rehash(path: string): void {
    this.#options.cache.remove(path);
    const state = this.#known.get(path);
    if (state !== undefined) this.#pathByContent.delete(state.content);
    this.#cached.delete(path);
    this.invalidate(path);
  }

  /**
   * Resolves when every file pending or being hashed now is in the catalog, void, gone or reported as a problem. A
   * file that is being written all the time is a problem.
   */
  settled(): Promise<void> {
    const paths = new Set([...this.#stabilizer.restingPaths(), ...this.#hashing.keys()]);
    if (paths.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add({ paths, resolve }));
  }

  close(): void {
    this.#cancelTick?.();
    this.#cancelRetry?.();
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters.clear();
  }

  /** Finds the FileId of a state hashed before: at this path in an earlier run, or at a path that no longer exists. */
  #recall(path: string, state: FileState): FileId | undefined {
    const { cache } = this.#options;
    const cached = this.#cached.get(path);
    this.#cached.delete(path);
    if (cached !== undefined && sameAsBefore(cached.state, state)) return cached.fileId;
    const formerPath = this.#pathByContent.get(state.content);
    if (formerPath === undefined || formerPath === path || this.#options.stateNow(formerPath) !== undefined)
      return undefined;
    this.gone(formerPath);
    const fileId = this.#cached.get(formerPath)?.fileId;
    const hashes = cache.hashes(formerPath);
    if (fileId === undefined || hashes === undefined) return undefined;
    this.#cached.delete(formerPath);
    cache.remove(formerPath);
    this.#store(path, state, fileId, hashes);
    return fileId;
  }

  #store(path: string, state: FileState, fileId: FileId, hashes: Uint8Array | string): void {
    const { cache } = this.#options;
    this.#cached.delete(path);
    cache.put(path, { state, fileId }, hashes);
  }

  #put(path: string, state: FileState, fileId: FileId): void {
    const { catalog } = this.#options;
    this.#stabilizer.cancel(path);
    this.#hashing.delete(path);
    if (!this.#known.has(path) && this.#known.size >= this.#filesMax) this.#full(path);
    else {
      this.#known.set(path, state);
      this.#pathByContent.set(state.content, path);
      const { size, modifiedMs, executable } = state;
      catalog.put({ path, size, modifiedMs, fileId, ...(executable && { executable }) });
      this.#options.resolved(path);
      this.#options.changed();
    }
    this.#settle(path);
  }

  #full(path: string): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#options.problem(path, `more than ${this.#filesMax} files: this one and later ones are not shared`);
  }

  /** Removes a file from the catalog; the file still exists. */
  #drop(path: string): void {
    if (!this.#known.delete(path)) return;
    this.#options.catalog.remove(path);
    this.#options.changed();
  }

  #trimCached(): void {
    const [oldest] = this.#cached;
    if (this.#cached.size <= this.#filesMax || oldest === undefined) return;
    this.#dropCached(...oldest);
  }

  #dropCached(path: string, { state }: HashedFile): void {
    const { cache } = this.#options;
    this.#cached.delete(path);
    cache.remove(path);
    if (this.#pathByContent.get(state.content) === path) this.#pathByContent.delete(state.content);
  }

  #tick(): void {
    const { clock, pool } = this.#options;
    const due = this.#stabilizer.takeDue(clock.nowMs(), TICK_FILES);
    for (const { path, state, isOld } of due) {
      // A file that had to wait is checked once more; for an old one the hasher's own check is enough.
      const now = isOld ? state : this.#options.stateNow(path);
      if (now === undefined) this.gone(path);
      else if (!sameState(now, state)) this.#stabilizer.observe(path, now, clock.nowMs(), -1);
      else {
        this.#hashing.set(path, state);
        pool.add(path, state.size);
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

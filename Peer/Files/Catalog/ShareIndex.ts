import type { FileId } from '../../../Protocol/Ids.ts';
import { PATH_BYTES_MAX, SHARE_FILES_MAX } from '../../../Protocol/Limits.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import type { HashCache } from '../Hashing/HashCache.ts';
import type { HashOutcome } from '../Hashing/HashFile.ts';
import { isIgnoredPath } from '../Watching/IgnoreRules.ts';
import type { Catalog } from './Catalog.ts';
import { REMEMBERED, SHARED } from './FileTable.ts';
import { PendingHashes, type PendingHashesOptions } from './PendingHashes.ts';
import { RememberedHashes } from './RememberedHashes.ts';

export interface ShareIndexOptions
  extends Pick<PendingHashesOptions, 'clock' | 'wallMs' | 'settings' | 'pool' | 'stateNow'> {
  readonly catalog: Catalog;
  readonly cache: HashCache;
  readonly problem: (path: string, reason: string) => void;
  /** The problem of this file, if any, no longer exists: it is shared. */
  readonly resolved: (path: string) => void;
  readonly changed: () => void;
  /** Limit of shared files, and of removed files whose hashes are kept. Default: SHARE_FILES_MAX. */
  readonly filesMax?: number;
}

/**
 * Decides for each file found on disk whether its hash is known, cached, taken over from a renamed file, or to be
 * computed once the file is quiet. The catalog lists a file only in the state it was hashed in.
 */
export class ShareIndex {
  readonly #options: ShareIndexOptions;
  readonly #remembered: RememberedHashes;
  readonly #pending: PendingHashes;
  readonly #filesMax: number;
  #isFull = false;

  constructor(options: ShareIndexOptions) {
    this.#options = options;
    this.#filesMax = options.filesMax ?? SHARE_FILES_MAX;
    this.#pending = new PendingHashes({
      ...options,
      gone: (path) => this.gone(path),
      restless: (path) => {
        this.#drop(path);
        options.problem(path, 'is being written: shared as soon as nobody writes to it');
      },
      retry: (path) => this.invalidate(path),
    });
    this.#remembered = new RememberedHashes(options.catalog.table, options.cache, this.#filesMax);
  }

  /** Files that are not queued for hashing yet, and their bytes; `waiting`: of these, files in their quiet period. */
  get pending(): PendingHashes['counts'] {
    return this.#pending.counts;
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
      this.#pending.cancel(path);
      this.#pending.settle(path);
    } else if (this.#pending.hasFailed(path, state)) this.#pending.settle(path);
    else if (!this.#pending.isHashing(path, state) && !this.#recall(path, row, state))
      this.#pending.add(path, state);
  }

  /** Handles a file that does not exist (any more). */
  gone(path: string): void {
    const { catalog, changed } = this.#options;
    this.#pending.forget(path);
    const row = this.#sharedRow(path);
    if (row !== undefined) {
      catalog.remove(path);
      this.#remembered.keep(row);
      changed();
    }
    this.#pending.settle(path);
  }

  /** Handles a result of the pool. The hash is valid only if the file is still in the state that was read. */
  hashed(path: string, outcome: HashOutcome): void {
    const queued = this.#pending.take(path);
    if (queued === undefined) return; // Removed in the meantime.
    const now = this.#options.stateNow(path);
    if (now === undefined) this.gone(path);
    else if (outcome.kind === 'hashed' && sameState(outcome.state, now)) {
      this.#options.cache.put(path, { state: now, fileId: outcome.fileId }, outcome.hashes);
      this.#pending.rested(path, now);
      this.#put(path, now, outcome.fileId);
    } else {
      this.#drop(path);
      if (outcome.kind === 'failed') {
        this.#pending.failed(path, queued);
        this.#options.problem(path, `cannot be read (${outcome.code})`);
      } else this.#pending.backOff(path);
      this.found(path, now);
      this.#pending.settle(path);
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
    this.#pending.settle(path);
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

  /** Withdraws a file whose bytes have changed without its time, until it changes visibly. */
  damaged(path: string): void {
    const state = this.stateOf(path);
    if (state === undefined) return;
    this.#drop(path);
    this.#pending.damaged(path, state);
    const advice = 'delete it and download it again, or "touch" it to share it as it is';
    this.#options.problem(path, `is damaged on this disk, and no longer shared: ${advice}`);
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
    return this.#pending.settled();
  }

  close(): void {
    this.#pending.close();
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
    this.#pending.cancel(path);
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
    this.#pending.settle(path);
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
}

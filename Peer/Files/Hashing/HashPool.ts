import { FILE_BYTES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { RateMeter } from '../../../Shared/Time/RateMeter.ts';
import type { Hasher } from './Hasher.ts';
import type { HashOutcome } from './HashFile.ts';
import { LargeFile } from './LargeFile.ts';

export interface HashPoolOptions {
  /** See openShared. */
  readonly root: string | undefined;
  /** Maps a share path to the path passed to openShared. Default: unchanged. */
  readonly fileOf?: (path: string) => string;
  readonly clock: Clock;
  readonly makeHasher: () => Hasher;
  /** Concurrent hashers, at least 1. One more runs small files while all are busy with large ones. */
  readonly size: number;
  readonly finished: (path: string, outcome: HashOutcome) => void;
}

/** Files up to this size are hashed in batches and never queue behind large ones. */
const SMALL_BYTES = 16 * 1_024 * 1_024;
/** Limits of one batch of small files: amortizes the message, yet spreads the work over the hashers. */
const BATCH_FILES = 256;
const BATCH_BYTES = SMALL_BYTES;
/** Small files queued beyond which no more should be added: some batches, and little memory. */
const QUEUED_MAX = 2_048;
/** An idle hasher is closed after this. */
const IDLE_MS = 10_000;

interface PooledHasher {
  hasher: Hasher | undefined;
  busy: 'small' | 'large' | undefined;
  cancelIdle: (() => void) | undefined;
}

/**
 * Distributes files over hashers: small files first and in batches, large files in parts, one file after the
 * other.
 * Hashers are created on demand and closed when idle.
 */
export class HashPool {
  readonly #options: HashPoolOptions;
  readonly #fileOf: (path: string) => string;
  readonly #hashers: PooledHasher[];
  readonly #small = new Map<string, number>();
  /** Large files with parts that are not assigned yet. */
  readonly #large = new Map<string, LargeFile>();
  readonly #rate = new RateMeter();
  #pendingBytes = 0;
  #pendingFiles = 0;
  #isFillScheduled = false;
  #closed = false;

  constructor(options: HashPoolOptions) {
    this.#options = options;
    this.#fileOf = options.fileOf ?? ((path) => path);
    this.#hashers = Array.from({ length: options.size + 1 }, () => ({
      hasher: undefined,
      busy: undefined,
      cancelIdle: undefined,
    }));
  }

  /** Files queued or being hashed, their unread bytes, and the current rate. */
  get pending(): { readonly files: number; readonly bytes: number; readonly bytesPerSecond: number } {
    const bytesPerSecond =
      this.#pendingFiles === 0 ? 0 : this.#rate.bytesPerSecond(this.#options.clock.nowMs());
    return { files: this.#pendingFiles, bytes: Math.max(0, this.#pendingBytes), bytesPerSecond };
  }

  /** Whether enough small files are queued for the hashers to stay busy. Large ones, of which few exist, always fit. */
  get isFull(): boolean {
    return this.#small.size >= QUEUED_MAX;
  }

  /** Queues a file. A path queued already with the same size is not added again. */
  add(path: string, size: number): void {
    const large = this.#large.get(path);
    const queuedSize = this.#small.get(path) ?? large?.size;
    if (this.#closed || queuedSize === size || large?.isStarted) return;
    if (queuedSize !== undefined) this.remove(path);
    // A size above the limit is queued as small; the hasher rejects it.
    if (size <= SMALL_BYTES || size > FILE_BYTES_MAX) this.#small.set(path, size);
    else this.#large.set(path, new LargeFile(path, size));
    this.#pendingFiles++;
    this.#pendingBytes += size;
    // After the current event, so that files found together share a batch.
    if (this.#isFillScheduled) return;
    this.#isFillScheduled = true;
    setImmediate(() => {
      this.#isFillScheduled = false;
      this.#assign();
    });
  }

  /** Removes a file that is not being hashed yet, or the unassigned parts of a large one. */
  remove(path: string): void {
    const size = this.#small.get(path);
    if (size !== undefined) {
      this.#small.delete(path);
      this.#pendingFiles--;
      this.#pendingBytes -= size;
    }
    const large = this.#large.get(path);
    if (large === undefined) return;
    this.#large.delete(path);
    large.drop();
    this.#pendingFiles--;
    this.#pendingBytes -= large.unassignedBytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#small.clear();
    this.#large.clear();
    await Promise.all(
      this.#hashers.map((pooled) => {
        pooled.cancelIdle?.();
        return pooled.hasher?.close();
      }),
    );
  }

  #assign(): void {
    for (const pooled of this.#hashers) {
      if (pooled.busy !== undefined || this.#closed) continue;
      const running = this.#hashers.filter(({ busy }) => busy === 'large').length;
      const mayRunSmall = running === this.#options.size || this.#busyCount() < this.#options.size;
      if (this.#small.size > 0 && mayRunSmall) this.#assignBatch(pooled, takeBatch(this.#small));
      else if (this.#large.size > 0 && this.#busyCount() < this.#options.size) this.#assignPart(pooled);
    }
  }

  #busyCount(): number {
    return this.#hashers.filter(({ busy }) => busy !== undefined).length;
  }

  #assignBatch(pooled: PooledHasher, batch: ReadonlyMap<string, number>): void {
    const hasher = this.#occupy(pooled, 'small');
    const bytes = [...batch.values()].reduce((sum, size) => sum + size, 0);
    const onProgress = this.#progressOf(bytes);
    const paths = [...batch.keys()];
    void hasher.hash(this.#options.root, paths.map(this.#fileOf), onProgress).then((outcomes) => {
      onProgress(Number.POSITIVE_INFINITY);
      this.#pendingFiles -= paths.length;
      this.#release(pooled);
      if (this.#closed) return;
      for (const [index, path] of paths.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined) this.#options.finished(path, outcome);
      }
    });
  }

  /** Assigns the next part of the oldest large file. */
  #assignPart(pooled: PooledHasher): void {
    const [file] = this.#large.values();
    const part = file?.nextPart();
    if (file === undefined || part === undefined) return;
    if (file.isExhausted) this.#large.delete(file.path);
    const onProgress = this.#progressOf(file.bytesOf(part));
    const hasher = this.#occupy(pooled, 'large');
    void hasher
      .hashPart(this.#options.root, this.#fileOf(file.path), part, onProgress)
      .then((partOutcome) => {
        onProgress(Number.POSITIVE_INFINITY);
        const outcome = file.partDone(part, partOutcome);
        // The file has failed: its other parts are not read.
        if (this.#large.get(file.path) === file && file.isExhausted) {
          this.#large.delete(file.path);
          this.#pendingBytes -= file.unassignedBytes;
        }
        if (outcome !== undefined) this.#pendingFiles--;
        this.#release(pooled);
        if (outcome !== undefined && !this.#closed) this.#options.finished(file.path, outcome);
      });
  }

  #occupy(pooled: PooledHasher, kind: 'small' | 'large'): Hasher {
    pooled.cancelIdle?.();
    pooled.busy = kind;
    pooled.hasher ??= this.#options.makeHasher();
    return pooled.hasher;
  }

  /** Returns a progress callback that counts at most `bytes` bytes. */
  #progressOf(bytes: number): (hashed: number) => void {
    let left = bytes;
    return (hashed) => {
      const now = Math.min(left, hashed);
      left -= now;
      this.#pendingBytes -= now;
      this.#rate.add(now, this.#options.clock.nowMs());
    };
  }

  #release(pooled: PooledHasher): void {
    pooled.busy = undefined;
    if (this.#closed) return;
    pooled.cancelIdle = this.#options.clock.after(IDLE_MS, () => {
      void pooled.hasher?.close();
      pooled.hasher = undefined;
    });
    this.#assign();
  }
}

function takeBatch(queue: Map<string, number>): Map<string, number> {
  const batch = new Map<string, number>();
  let bytes = 0;
  for (const [path, size] of queue) {
    bytes += size;
    if (batch.size > 0 && (bytes > BATCH_BYTES || batch.size >= BATCH_FILES)) break;
    batch.set(path, size);
    queue.delete(path);
  }
  return batch;
}

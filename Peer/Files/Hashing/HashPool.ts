import { FILE_BYTES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { RateMeter } from '../../../Shared/RateMeter.ts';
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
/** An idle hasher is closed after this. */
const IDLE_MS = 10_000;

interface Seat {
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
  readonly #seats: Seat[];
  readonly #small = new Map<string, number>();
  /** Large files with parts that are not assigned yet. */
  readonly #large = new Map<string, LargeFile>();
  readonly #rate = new RateMeter();
  #bytesLeft = 0;
  #filesLeft = 0;
  #filling = false;
  #closed = false;

  constructor(options: HashPoolOptions) {
    this.#options = options;
    this.#fileOf = options.fileOf ?? ((path) => path);
    this.#seats = Array.from({ length: options.size + 1 }, () => ({
      hasher: undefined,
      busy: undefined,
      cancelIdle: undefined,
    }));
  }

  /** Files queued or being hashed, their unread bytes, and the current rate. */
  get left(): { readonly files: number; readonly bytes: number; readonly bytesPerSecond: number } {
    const bytesPerSecond = this.#filesLeft === 0 ? 0 : this.#rate.bytesPerSecond(this.#options.clock.nowMs());
    return { files: this.#filesLeft, bytes: Math.max(0, this.#bytesLeft), bytesPerSecond };
  }

  /** Queues a file. A path queued already with the same size is not added again. */
  add(path: string, size: number): void {
    const large = this.#large.get(path);
    const waiting = this.#small.get(path) ?? large?.size;
    if (this.#closed || waiting === size || large?.begun) return;
    if (waiting !== undefined) this.remove(path);
    // A size above the limit is queued as small; the hasher rejects it.
    if (size <= SMALL_BYTES || size > FILE_BYTES_MAX) this.#small.set(path, size);
    else this.#large.set(path, new LargeFile(path, size));
    this.#filesLeft++;
    this.#bytesLeft += size;
    // After the current event, so that files found together share a batch.
    if (this.#filling) return;
    this.#filling = true;
    setImmediate(() => {
      this.#filling = false;
      this.#fill();
    });
  }

  /** Removes a file that is not being hashed yet, or the unassigned parts of a large one. */
  remove(path: string): void {
    const size = this.#small.get(path);
    if (size !== undefined) {
      this.#small.delete(path);
      this.#filesLeft--;
      this.#bytesLeft -= size;
    }
    const large = this.#large.get(path);
    if (large === undefined) return;
    this.#large.delete(path);
    large.drop();
    this.#filesLeft--;
    this.#bytesLeft -= large.untakenBytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#small.clear();
    this.#large.clear();
    await Promise.all(
      this.#seats.map((seat) => {
        seat.cancelIdle?.();
        return seat.hasher?.close();
      }),
    );
  }

  #fill(): void {
    for (const seat of this.#seats) {
      if (seat.busy !== undefined || this.#closed) continue;
      const running = this.#seats.filter(({ busy }) => busy === 'large').length;
      const maySmall = running === this.#options.size || this.#running() < this.#options.size;
      if (this.#small.size > 0 && maySmall) this.#work(seat, takeBatch(this.#small));
      else if (this.#large.size > 0 && this.#running() < this.#options.size) this.#workPart(seat);
    }
  }

  #running(): number {
    return this.#seats.filter(({ busy }) => busy !== undefined).length;
  }

  #work(seat: Seat, batch: ReadonlyMap<string, number>): void {
    const hasher = this.#begin(seat, 'small');
    const bytes = [...batch.values()].reduce((sum, size) => sum + size, 0);
    const count = this.#counter(bytes);
    const paths = [...batch.keys()];
    void hasher.hash(this.#options.root, paths.map(this.#fileOf), count).then((outcomes) => {
      count(Number.POSITIVE_INFINITY);
      this.#filesLeft -= paths.length;
      this.#done(seat);
      if (this.#closed) return;
      for (const [index, path] of paths.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined) this.#options.finished(path, outcome);
      }
    });
  }

  /** Assigns the next part of the oldest large file. */
  #workPart(seat: Seat): void {
    const [file] = this.#large.values();
    const part = file?.take();
    if (file === undefined || part === undefined) return;
    if (file.taken) this.#large.delete(file.path);
    const count = this.#counter(file.bytesOf(part));
    const hasher = this.#begin(seat, 'large');
    void hasher.hashPart(this.#options.root, this.#fileOf(file.path), part, count).then((ended) => {
      count(Number.POSITIVE_INFINITY);
      const outcome = file.ended(part, ended);
      // The file has failed: its other parts are not read.
      if (this.#large.get(file.path) === file && file.taken) {
        this.#large.delete(file.path);
        this.#bytesLeft -= file.untakenBytes;
      }
      if (outcome !== undefined) this.#filesLeft--;
      this.#done(seat);
      if (outcome !== undefined && !this.#closed) this.#options.finished(file.path, outcome);
    });
  }

  #begin(seat: Seat, kind: 'small' | 'large'): Hasher {
    seat.cancelIdle?.();
    seat.busy = kind;
    seat.hasher ??= this.#options.makeHasher();
    return seat.hasher;
  }

  /** Returns a progress callback that counts at most `bytes` bytes. */
  #counter(bytes: number): (hashed: number) => void {
    let left = bytes;
    return (hashed) => {
      const now = Math.min(left, hashed);
      left -= now;
      this.#bytesLeft -= now;
      this.#rate.add(now, this.#options.clock.nowMs());
    };
  }

  #done(seat: Seat): void {
    seat.busy = undefined;
    if (this.#closed) return;
    seat.cancelIdle = this.#options.clock.after(IDLE_MS, () => {
      void seat.hasher?.close();
      seat.hasher = undefined;
    });
    this.#fill();
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

import type { Clock } from '../../Shared/Clock.ts';
import { RateMeter } from '../../Shared/RateMeter.ts';
import type { Hasher } from './Hasher.ts';
import type { HashOutcome } from './HashFile.ts';

export interface HashPoolOptions {
  /** See openShared. */
  readonly root: string | undefined;
  /** The file of a path, for openShared. Default: the path itself. */
  readonly fileOf?: (path: string) => string;
  readonly clock: Clock;
  readonly makeHasher: () => Hasher;
  /** Hashers at once, 1 or more; one more for small files while all are busy with large ones. */
  readonly size: number;
  readonly finished: (path: string, outcome: HashOutcome) => void;
}

/** Files up to this size travel in batches, and are never kept waiting by large ones. */
const SMALL_BYTES = 16 * 1_024 * 1_024;
/** One batch of small files: enough to make the message cheap, short enough to spread over the hashers. */
const BATCH_FILES = 256;
const BATCH_BYTES = SMALL_BYTES;
/** A hasher without work is closed after this. */
const IDLE_MS = 10_000;

interface Seat {
  hasher: Hasher | undefined;
  busy: 'small' | 'large' | undefined;
  cancelIdle: (() => void) | undefined;
}

/** Spreads files over hashers: small ones first and in batches. Hashers are made when needed and closed when idle. */
export class HashPool {
  readonly #options: HashPoolOptions;
  readonly #seats: Seat[];
  readonly #small = new Map<string, number>();
  readonly #large = new Map<string, number>();
  readonly #rate = new RateMeter();
  #bytesLeft = 0;
  #filesLeft = 0;
  #filling = false;
  #closed = false;

  constructor(options: HashPoolOptions) {
    this.#options = options;
    this.#seats = Array.from({ length: options.size + 1 }, () => ({
      hasher: undefined,
      busy: undefined,
      cancelIdle: undefined,
    }));
  }

  /** Waiting and running. */
  get left(): { readonly files: number; readonly bytes: number; readonly bytesPerSecond: number } {
    const bytesPerSecond = this.#filesLeft === 0 ? 0 : this.#rate.bytesPerSecond(this.#options.clock.nowMs());
    return { files: this.#filesLeft, bytes: Math.max(0, this.#bytesLeft), bytesPerSecond };
  }

  /** A path that is waiting already is not added again. */
  add(path: string, size: number): void {
    const queue = size <= SMALL_BYTES ? this.#small : this.#large;
    if (this.#closed || queue.has(path)) return;
    queue.set(path, size);
    this.#filesLeft++;
    this.#bytesLeft += size;
    // After this turn, so that files found together travel together.
    if (this.#filling) return;
    this.#filling = true;
    setImmediate(() => {
      this.#filling = false;
      this.#fill();
    });
  }

  /** Takes a file back that is not being hashed yet. */
  remove(path: string): void {
    const size = this.#small.get(path) ?? this.#large.get(path);
    if (size === undefined) return;
    this.#small.delete(path);
    this.#large.delete(path);
    this.#filesLeft--;
    this.#bytesLeft -= size;
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
      if (this.#small.size > 0 && maySmall) this.#work(seat, 'small', takeBatch(this.#small));
      else if (this.#large.size > 0 && this.#running() < this.#options.size)
        this.#work(seat, 'large', takeOne(this.#large));
    }
  }

  #running(): number {
    return this.#seats.filter(({ busy }) => busy !== undefined).length;
  }

  #work(seat: Seat, kind: 'small' | 'large', batch: ReadonlyMap<string, number>): void {
    seat.cancelIdle?.();
    seat.busy = kind;
    seat.hasher ??= this.#options.makeHasher();
    let left = [...batch.values()].reduce((sum, size) => sum + size, 0);
    const count = (bytes: number) => {
      left -= bytes;
      this.#bytesLeft -= bytes;
      this.#rate.add(bytes, this.#options.clock.nowMs());
    };
    const paths = [...batch.keys()];
    const { root, fileOf = (path: string) => path } = this.#options;
    void seat.hasher.hash(root, paths.map(fileOf), count).then((outcomes) => {
      count(left);
      this.#filesLeft -= paths.length;
      this.#done(seat);
      if (this.#closed) return;
      for (const [index, path] of paths.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined) this.#options.finished(path, outcome);
      }
    });
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

function takeOne(queue: Map<string, number>): Map<string, number> {
  for (const [path, size] of queue) {
    queue.delete(path);
    return new Map([[path, size]]);
  }
  return new Map();
}

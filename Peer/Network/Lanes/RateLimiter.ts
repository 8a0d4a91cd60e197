import { PIECE_BYTES_MAX } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { ByteBudget } from './ByteBudget.ts';

/** Pieces last about this long under a limit, so that bytes flow evenly. */
const PIECE_MS = 50;
const PIECE_BYTES_MIN = 16 * 1_024;

/** One direction's limit, shared by all lanes; who has to wait waits in line. May be changed at any time. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #bucket: ByteBudget;
  readonly #waiting: (() => void)[] = [];
  #cancelTimer: (() => void) | undefined;

  /** @param rate - bytes a second; undefined: no limit */
  constructor(clock: Clock, rate: number | undefined) {
    this.#clock = clock;
    this.#bucket = new ByteBudget(rate, clock.nowMs());
  }

  get rate(): number | undefined {
    return this.#bucket.rate;
  }

  setRate(rate: number | undefined): void {
    this.#bucket.setRate(rate, this.#clock.nowMs());
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#wake();
  }

  /** Most bytes to move at once: 1 MiB, or 50 ms worth under a limit. */
  get pieceBytesMax(): number {
    const rate = this.#bucket.rate;
    if (rate === undefined) return PIECE_BYTES_MAX;
    return Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, Math.floor((rate * PIECE_MS) / 1_000)));
  }

  /** Whether bytes may move now. */
  get ready(): boolean {
    if (this.#bucket.rate === undefined) return true;
    return this.#waiting.length === 0 && this.#bucket.waitMs(this.#clock.nowMs()) === 0;
  }

  spend(bytes: number): void {
    if (this.#bucket.rate !== undefined) this.#bucket.spend(bytes, this.#clock.nowMs());
  }

  /** Spends as soon as bytes may move; undefined: they were spent at once. */
  take(bytes: number): Promise<void> | undefined {
    if (this.ready) {
      this.spend(bytes);
      return undefined;
    }
    return new Promise((resolve) => {
      this.whenReady(() => {
        this.spend(bytes);
        resolve();
      });
    });
  }

  /** Calls back, later, when bytes may move; the one called spends. */
  whenReady(go: () => void): void {
    this.#waiting.push(go);
    this.#arm();
  }

  /** Ends all waiting: everybody may go. */
  close(): void {
    this.setRate(undefined);
  }

  #wake(): void {
    while (this.#waiting.length > 0 && this.#bucket.waitMs(this.#clock.nowMs()) === 0)
      this.#waiting.shift()?.();
    this.#arm();
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#waiting.length === 0) return;
    const waitMs = Math.ceil(this.#bucket.waitMs(this.#clock.nowMs()));
    this.#cancelTimer = this.#clock.after(waitMs, () => {
      this.#cancelTimer = undefined;
      this.#wake();
    });
  }
}

import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import type { FileState } from '../Disk/FileState.ts';

/** Pending files are inserted when none was added for this long. */
const QUIET_MS = 100;
/** Upper bound on that delay, however many files are added. */
const WAIT_MAX_MS = 2_000;
/** Limit of pending files; beyond it, each added file causes one insertion. */
const WAITING_MAX = 32_768;
/** Insertions before the thread is yielded: a few milliseconds. */
const SLICE = 500;

type Enter = (path: string, state: FileState, description: FileDescription) => void;

/**
 * Files of one chunk created in the share but not inserted in the catalog yet: at thousands per second, inserting
 * costs as much as fetching. Every reader of the catalog or the share calls `flush` first.
 */
export class DeferredCatalogInserts {
  readonly #clock: Clock;
  readonly #enter: Enter;
  #waiting: Parameters<Enter>[] = [];
  #entered = 0;
  #firstMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, enter: Enter) {
    this.#clock = clock;
    this.#enter = enter;
  }

  /** Time of the last addition; `-Infinity`: none. */
  get lastMs(): number {
    return this.#lastMs;
  }

  add(...adoption: Parameters<Enter>): void {
    this.#lastMs = this.#clock.nowMs();
    if (this.#waiting.push(adoption) === 1) this.#firstMs = this.#lastMs;
    if (this.#waiting.length - this.#entered > WAITING_MAX) this.#enterSome(this.#entered + 1);
    this.#cancel ??= this.#clock.after(QUIET_MS, () => this.#look());
  }

  /** Inserts all pending files. */
  settle(): void {
    if (this.#waiting.length > 0) this.#enterSome(this.#waiting.length);
  }

  close(): void {
    this.settle();
    this.#cancel?.();
  }

  #look(): void {
    this.#cancel = undefined;
    if (this.#waiting.length === 0) return;
    const nowMs = this.#clock.nowMs();
    const isDue = nowMs - this.#lastMs >= QUIET_MS || nowMs - this.#firstMs >= WAIT_MAX_MS;
    if (isDue) this.#enterSome(this.#entered + SLICE);
    if (this.#waiting.length > 0) this.#cancel = this.#clock.after(isDue ? 1 : QUIET_MS, () => this.#look());
  }

  #enterSome(end: number): void {
    const waiting = this.#waiting;
    while (this.#entered < Math.min(end, waiting.length)) {
      const adoption = waiting[this.#entered++];
      if (adoption !== undefined) this.#enter(...adoption);
    }
    const isOver = this.#entered >= waiting.length;
    if (!isOver && this.#entered < WAITING_MAX) return;
    this.#waiting = isOver ? [] : waiting.slice(this.#entered);
    this.#entered = 0;
  }
}

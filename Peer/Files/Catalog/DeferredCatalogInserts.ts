import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import type { FileState } from '../Disk/FileState.ts';

/** When no file has come for so long, those that wait are entered … */
const QUIET_MS = 100;
/** … and after this whatever comes: others wait for them, too. */
const WAIT_MAX_MS = 2_000;
/** No more of them wait than this: then one is entered for each that comes. */
const WAITING_MAX = 32_768;
/** Entered in one go, before others get a turn: some milliseconds. */
const SLICE = 500;

type Enter = (path: string, state: FileState, description: FileDescription) => void;

/**
 * Files of one chunk that were made in the share, and are not entered in the catalog yet: while thousands of them come in a
 * second, that would cost as much as fetching them. Whoever looks at the catalog or at the share calls `settle` before.
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

  /** When the last one came; long ago: none has come. */
  get lastMs(): number {
    return this.#lastMs;
  }

  add(...adoption: Parameters<Enter>): void {
    this.#lastMs = this.#clock.nowMs();
    if (this.#waiting.push(adoption) === 1) this.#firstMs = this.#lastMs;
    if (this.#waiting.length - this.#entered > WAITING_MAX) this.#enterSome(this.#entered + 1);
    this.#cancel ??= this.#clock.after(QUIET_MS, () => this.#look());
  }

  /** All that wait are entered. */
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

import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import type { FileState } from '../Disk/FileState.ts';

/** Pending files are inserted when none was added for this long. */
const QUIET_MS = 100;
/** Upper bound on that delay, however many files are added. */
const DEFERRAL_MAX_MS = 2_000;
/** Limit of pending files; beyond it, each added file causes one insertion. */
const PENDING_MAX = 32_768;
/** Insertions before the thread is yielded: a few milliseconds. */
const SLICE_FILES = 500;

type Insert = (path: string, state: FileState, description: FileDescription) => void;

/**
 * Files of one chunk created in the share but not inserted in the catalog yet: at thousands per second, inserting
 * costs as much as fetching. Every reader of the catalog or the share calls `flush` first.
 */
export class DeferredCatalogInserts {
  readonly #clock: Clock;
  readonly #insert: Insert;
  #pending: Parameters<Insert>[] = [];
  #inserted = 0;
  #firstMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, insert: Insert) {
    this.#clock = clock;
    this.#insert = insert;
  }

  /** Time of the last addition; `-Infinity`: none. */
  get lastMs(): number {
    return this.#lastMs;
  }

  add(...file: Parameters<Insert>): void {
    this.#lastMs = this.#clock.nowMs();
    if (this.#pending.push(file) === 1) this.#firstMs = this.#lastMs;
    if (this.#pending.length - this.#inserted > PENDING_MAX) this.#insertUpTo(this.#inserted + 1);
    this.#cancel ??= this.#clock.after(QUIET_MS, () => this.#tick());
  }

  /** Inserts all pending files. */
  flush(): void {
    if (this.#pending.length > 0) this.#insertUpTo(this.#pending.length);
  }

  /** A folder was renamed: its pending files are inserted under their new paths. */
  rename(from: string, to: string): void {
    for (const file of this.#pending) {
      if (file[0].startsWith(`${from}/`)) file[0] = to + file[0].slice(from.length);
    }
  }

  close(): void {
    this.flush();
    this.#cancel?.();
  }

  #tick(): void {
    this.#cancel = undefined;
    if (this.#pending.length === 0) return;
    const nowMs = this.#clock.nowMs();
    const isDue = nowMs - this.#lastMs >= QUIET_MS || nowMs - this.#firstMs >= DEFERRAL_MAX_MS;
    if (isDue) this.#insertUpTo(this.#inserted + SLICE_FILES);
    if (this.#pending.length > 0) this.#cancel = this.#clock.after(isDue ? 1 : QUIET_MS, () => this.#tick());
  }

  #insertUpTo(end: number): void {
    const pending = this.#pending;
    while (this.#inserted < Math.min(end, pending.length)) {
      const file = pending[this.#inserted++];
      if (file !== undefined) this.#insert(...file);
    }
    const isDone = this.#inserted >= pending.length;
    if (!isDone && this.#inserted < PENDING_MAX) return;
    this.#pending = isDone ? [] : pending.slice(this.#inserted);
    this.#inserted = 0;
  }
}

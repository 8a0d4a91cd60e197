import type { Clock } from '../../../Shared/Time/Clock.ts';

/** Maximum of files per run, and at once, that the trackers locate. */
const LOCATES_MAX = 200;
const LOCATES_AT_ONCE = 8;
/** Interval at which the holders that refused are asked again: a renamed folder is hashed within seconds. */
const RETRY_MS = 4_000;
/** Time from its first refusal after which a bundle fails. */
const GIVE_UP_MS = 35_000;

export interface RefusedUnitsOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Rows of the files of a bundle that are missing. */
  readonly missingOf: (unit: number) => Uint32Array;
  /** Locates further holders of a file and adds them to its bundle. Never rejects. */
  readonly locate: (row: number) => Promise<void>;
  /** Asks the holders of a bundle again that refused it. Returns false when there are none. */
  readonly retry: (unit: number) => boolean;
  readonly failed: (unit: number) => void;
}

/**
 * The bundles that every holder refused. The trackers locate further holders of their files; then all holders are asked
 * again for a while, because a source that renamed or touched its files has the same content again soon.
 */
export class RefusedUnits {
  readonly #options: RefusedUnitsOptions;
  readonly #toLocate: number[] = [];
  /** Time of the first refusal. */
  readonly #sinceMs = new Map<number, number>();
  /** Bundles that wait for the next retry. */
  readonly #waiting = new Set<number>();
  #located = 0;
  #locating = 0;
  #nextRetryMs = 0;

  constructor(options: RefusedUnitsOptions) {
    this.#options = options;
  }

  /** Adds a bundle without a holder. */
  add(unit: number): void {
    const nowMs = this.#options.clock.nowMs();
    this.#waiting.add(unit);
    if (this.#sinceMs.has(unit)) return;
    if (this.#sinceMs.size === 0) this.#nextRetryMs = nowMs + RETRY_MS;
    this.#sinceMs.set(unit, nowMs);
    const room = LOCATES_MAX - this.#located - this.#toLocate.length;
    this.#toLocate.push(...this.#options.missingOf(unit).slice(0, Math.max(0, room)));
    this.#locateMore();
  }

  /** A bundle has a holder. */
  remove(unit: number): void {
    this.#waiting.delete(unit);
  }

  /** Asks the holders again when that is due, and gives up bundles that waited too long. */
  tick(): void {
    const { clock, signal, retry, failed } = this.#options;
    const nowMs = clock.nowMs();
    if (signal.aborted || this.#waiting.size === 0 || nowMs < this.#nextRetryMs) return;
    this.#nextRetryMs = nowMs + RETRY_MS;
    for (const unit of [...this.#waiting]) {
      if (nowMs - (this.#sinceMs.get(unit) ?? nowMs) >= GIVE_UP_MS) {
        this.#waiting.delete(unit);
        this.#sinceMs.delete(unit);
        failed(unit);
      } else if (retry(unit)) this.#waiting.delete(unit);
    }
  }

  #locateMore(): void {
    const { signal, locate } = this.#options;
    while (this.#locating < LOCATES_AT_ONCE && !signal.aborted) {
      const row = this.#toLocate.shift();
      if (row === undefined) return;
      this.#located++;
      this.#locating++;
      void locate(row).then(() => {
        this.#locating--;
        this.#locateMore();
      });
    }
  }
}

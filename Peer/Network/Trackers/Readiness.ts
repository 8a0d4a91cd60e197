import { type Clock, sleep } from '../../../Shared/Time/Clock.ts';

/**
 * Waiting time for this peer's own tracker, per check and number of checks, so that a failed start ends the wait.
 */
const OWN_TRACKER_MS = 2_000;
const OWN_TRACKER_CHECKS = 3;

export interface ReadinessOptions {
  readonly clock: Clock;
  /** Whether a tracker is connected. */
  readonly isConnected: () => boolean;
  /** Whether a connected tracker holds the current catalog. */
  readonly isReady: () => boolean;
  /** Whether this peer expects to run its own tracker by that time. */
  readonly expectsOwnBy: (atMs: number) => boolean;
}

/** Callers waiting for a tracker. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #waiting = new Set<() => void>();
  #over = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Re-evaluates all waiting callers. */
  check(): void {
    for (const check of this.#waiting) check();
  }

  /** Releases all waiting callers. */
  close(): void {
    this.#over = true;
    this.check();
  }

  /**
   * Resolves when a tracker is ready, at the latest after `maxMs`; later if no tracker is connected and this peer
   * is about to start its own.
   */
  async wait(maxMs: number): Promise<void> {
    const { clock, isConnected, expectsOwnBy } = this.#options;
    await this.#atMost(maxMs);
    for (let checks = OWN_TRACKER_CHECKS; checks > 0 && !isConnected() && !this.#over; checks--) {
      if (!expectsOwnBy(clock.nowMs() + OWN_TRACKER_MS)) break;
      await this.#atMost(OWN_TRACKER_MS);
    }
  }

  async #atMost(maxMs: number): Promise<void> {
    const isEnough = () => this.#over || this.#options.isReady();
    if (isEnough()) return;
    const enough = new AbortController();
    const check = () => {
      if (isEnough()) enough.abort();
    };
    this.#waiting.add(check);
    await sleep(this.#options.clock, maxMs, enough.signal);
    this.#waiting.delete(check);
  }
}

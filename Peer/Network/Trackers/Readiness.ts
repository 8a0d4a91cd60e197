import { type Clock, sleep } from '../../../Shared/Clock.ts';

/** Our own tracker is waited for in steps, so that one that cannot be started is not waited for. */
const OWN_TRACKER_MS = 2_000;
const OWN_TRACKER_CHECKS = 3;

export interface ReadinessOptions {
  readonly clock: Clock;
  /** A tracker is connected. */
  readonly isConnected: () => boolean;
  /** One is connected and has taken what there was to take. */
  readonly isReady: () => boolean;
  /** By that moment this peer has its own tracker, perhaps not connected yet. */
  readonly expectsOwnBy: (atMs: number) => boolean;
}

/** Those who wait for a tracker. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #waiting = new Set<() => void>();
  #over = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Something changed. */
  check(): void {
    for (const check of this.#waiting) check();
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#over = true;
    this.check();
  }

  /** Until it is ready, at most `maxMs`; longer while no tracker is found and the moment is near at which this peer starts its own. */
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

import type { Clock } from '../Shared/Time/Clock.ts';
import { TimerHeap } from './TimerHeap.ts';

/** Timers within this time run in one batch before pending promises: a simulation has millions of timers. */
const STEP_MS = 0.25;

/** Simulated time, which jumps from timer to timer. */
export class Timeline implements Clock {
  readonly #timers = new TimerHeap();
  #nowMs = 0;

  readonly nowMs = (): number => this.#nowMs;

  readonly wallMs = (): number => 1_700_000_000_000 + this.#nowMs;

  after(delayMs: number, task: () => void): () => void {
    return this.#timers.add(this.#nowMs + Math.max(0, delayMs), task);
  }

  /** Advances until `done`. False: `limitMs` of simulated time passed first, or no timer is left. */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    for (;;) {
      // Runs after all ready promises, at a tenth of the cost of an event loop turn.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (done()) return true;
      const first = this.#timers.takeDue(endMs);
      if (first === undefined) return false;
      this.#nowMs = Math.max(this.#nowMs, first.atMs);
      first.task();
      const stepEndMs = this.#nowMs + STEP_MS;
      for (
        let next = this.#timers.takeDue(stepEndMs);
        next !== undefined;
        next = this.#timers.takeDue(stepEndMs)
      ) {
        this.#nowMs = Math.max(this.#nowMs, next.atMs);
        next.task();
      }
    }
  }
}

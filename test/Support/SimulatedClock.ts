import type { Clock } from '../../Shared/Time/Clock.ts';
import { TimerHeap } from '../../Simulator/TimerHeap.ts';

/** Simulated time after which `settle` and `runUntilIdle` throw. */
const ENDLESS_MS = 24 * 3_600_000;

/** Captured before a test can replace it. Runs after every ready microtask, in chains of any length. */
const immediate = setImmediate;

/**
 * A clock advanced by tests only. Timers run in the order of their moments, equal ones in the order of their creation.
 * The asynchronous methods run every ready promise between two timers, as a real event loop does.
 * An error in the task of a timer is thrown by the method that advanced time.
 */
export class SimulatedClock implements Clock {
  readonly #timers = new TimerHeap();
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** A method value, so that it can be handed over alone. */
  readonly nowMs = (): number => this.#nowMs;

  /** The time as wall-clock time: milliseconds since 1970, starting in November 2023. */
  readonly wallMs = (): number => 1_700_000_000_000 + this.#nowMs;

  /** Number of pending timers. */
  get pending(): number {
    return this.#timers.size;
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#timers.add(this.#nowMs + Math.max(0, delayMs), task);
  }

  /** Advances time by `ms` and runs due timers, without running promises between them. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#runNext(endMs));
    this.#nowMs = endMs;
  }

  /** Like `advance`, with promises running before the first timer, between timers and after the last one. */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    do await this.flush();
    while (this.#runNext(endMs));
    this.#nowMs = endMs;
  }

  /** Runs timers until none is left. @throws Error after `limitMs` of simulated time: a timer repeats endlessly */
  async runUntilIdle(limitMs = ENDLESS_MS): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    do await this.flush();
    while (this.#runNext(endMs));
    if (this.pending > 0) throw new Error(`still not idle after ${limitMs} ms of simulated time`);
  }

  /**
   * Advances from timer to timer until the promise is settled. Returns its value or throws its reason.
   * For promises that depend on this clock only: real input and output is slower than simulated time.
   * @throws Error when no timer is left, or after `limitMs` of simulated time: the promise could never end
   */
  async settle<T>(promise: Promise<T>, limitMs = ENDLESS_MS): Promise<T> {
    const endMs = this.#nowMs + limitMs;
    let done = false;
    const finish = () => {
      done = true;
    };
    promise.then(finish, finish);
    do await this.flush();
    while (!done && this.#runNext(endMs));
    if (done) return promise;
    const why =
      this.pending === 0 ? 'nothing is left to happen' : `${limitMs} ms of simulated time have passed`;
    throw new Error(`the promise never ends: ${why}`);
  }

  /** Runs every ready promise, without advancing time. */
  flush(): Promise<void> {
    return new Promise((resolve) => immediate(resolve));
  }

  #runNext(endMs: number): boolean {
    const timer = this.#timers.takeDue(endMs);
    if (timer === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.task();
    return true;
  }
}

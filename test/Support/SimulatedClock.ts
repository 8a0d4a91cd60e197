import type { Clock } from '../../Shared/Clock.ts';
import { TimerHeap } from '../../Simulator/TimerHeap.ts';

/** Longest simulated time that `settle` and `runUntilIdle` move through before they call it endless. */
const ENDLESS_MS = 24 * 3_600_000;

/** Taken before any test can replace it. Runs after every microtask that is ready, however long their chain. */
const immediate = setImmediate;

/**
 * Time that moves only when told. Timers run in the order of their moment, equal ones in the order they were set.
 * The asynchronous methods let every promise that is ready run between two timers, as a real event loop would.
 * An error thrown by a timer's task comes out of the method that moved the time.
 */
export class SimulatedClock implements Clock {
  readonly #timers = new TimerHeap();
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** A method value, so that it can be handed over alone. */
  readonly nowMs = (): number => this.#nowMs;

  /** The same time as a wall clock would show it: milliseconds since 1970, in November 2023. */
  readonly wallMs = (): number => 1_700_000_000_000 + this.#nowMs;

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#timers.add(this.#nowMs + Math.max(0, delayMs), task);
  }

  /** Moves time by `ms` and runs what falls due, without letting promises run between. */
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

  /** Runs timers until none is left. @throws Error after `limitMs` of simulated time: something repeats for ever */
  async runUntilIdle(limitMs = ENDLESS_MS): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    do await this.flush();
    while (this.#runNext(endMs));
    if (this.pending > 0) throw new Error(`still not idle after ${limitMs} ms of simulated time`);
  }

  /**
   * Jumps from timer to timer until the promise is done, and gives its value or throws its reason.
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

  /** Lets every promise that is ready run, without moving time. */
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

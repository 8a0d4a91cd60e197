import { onAbort } from '../Async/OnAbort.ts';

/** Monotonic time, independent of wall clock changes. Injected, so that tests can advance it. */
export interface Clock {
  /** Milliseconds since an arbitrary fixed moment. */
  nowMs(): number;
  /** Runs `task` once after `delayMs`, unless the returned function is called first. */
  after(delayMs: number, task: () => void): () => void;
}

/** Milliseconds since 1970 by the wall clock: for display, file times and instance ids only. */
export type WallClock = () => number;

/** Returns a number in [0, 1), like Math.random; seeded in tests. */
export type Random = () => number;

/** Node's longest timer, almost 25 days. A longer one would run at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The real clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, task) => {
    // A negative delay makes Node 24 print a warning.
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), TIMER_MS_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or early when `signal` aborts; never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const cancel = clock.after(delayMs, done);
    const stopWaiting = signal && onAbort(signal, done);
    function done() {
      cancel();
      stopWaiting?.();
      resolve();
    }
  });
}

/** Runs `task` every `intervalMs` until the returned function is called. */
export function every(clock: Clock, intervalMs: number, task: () => void): () => void {
  let cancel = clock.after(intervalMs, run);
  let stopped = false;
  function run() {
    task();
    if (!stopped) cancel = clock.after(intervalMs, run);
  }
  return () => {
    stopped = true;
    cancel();
  };
}

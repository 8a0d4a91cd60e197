import { PerformanceObserver } from 'node:perf_hooks';

/** Shorter timings are not checked for pauses of the collector. */
const CHEAP_MS = 0.5;

/** CPU time of one piece of work. Final after `settle`. */
export interface Timing {
  ms: number;
}

/** A timing that may include a collection of garbage. */
interface Suspect {
  readonly timing: Timing;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Measures CPU time of synchronous work, without the pauses of the garbage collector: these are caused by the heap,
 * not by the work that triggers them. Pauses are counted separately. Wall time includes other programs, CPU time
 * other threads of this one: the lesser counts.
 */
export class HandlingTimes {
  /** Longest pause of the collector so far. */
  worstPauseMs = 0;
  #pauses: { readonly startMs: number; readonly endMs: number }[] = [];
  #suspects: Suspect[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      this.#pauses.push({ startMs: startTime, endMs: startTime + duration });
      this.worstPauseMs = Math.max(this.worstPauseMs, duration);
    }
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  measure(work: () => void): Timing {
    const startMs = performance.now();
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    const endMs = performance.now();
    const timing = { ms: Math.min((user + system) / 1_000, endMs - startMs) };
    if (timing.ms > CHEAP_MS) this.#suspects.push({ timing, startMs, endMs });
    return timing;
  }

  /** Subtracts the pauses so far from the timings so far. Both are kept until this call, so call it regularly. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1)); // Entries of the collector are delivered in later turns.
    await new Promise(setImmediate);
    const pauses = this.#pauses.sort((a, b) => a.startMs - b.startMs);
    let from = 0;
    for (const { timing, startMs, endMs } of this.#suspects) {
      while ((pauses[from]?.endMs ?? Number.POSITIVE_INFINITY) <= startMs) from++;
      for (let at = from; (pauses[at]?.startMs ?? Number.POSITIVE_INFINITY) < endMs; at++) {
        const pause = pauses[at];
        if (pause === undefined) break;
        const within = Math.min(pause.endMs, endMs) - Math.max(pause.startMs, startMs);
        timing.ms = Math.max(0, timing.ms - Math.max(0, within));
      }
    }
    this.#suspects = [];
    this.#pauses = [];
  }

  close(): void {
    this.#observer.disconnect();
  }
}

import { expect } from 'vitest';

/**
 * Limit for a peer that quits: promised is a second until it has left the tracker. The rest is for a disk that other
 * programs keep busy; a lease that expires takes 20 s.
 */
export const GONE_MS = 4_000;
/**
 * Limit for a file that appears, changes or vanishes: promised are 2 s after its quiet period. The rest is as above.
 */
export const SEEN_MS = 6_000;

/** CPU time of the yardstick: several time slices of the scheduler. */
const YARDSTICK_MS = 20;
/** Interval of yardsticks during an action. */
const INTERVAL_MS = 1_000;

/**
 * Runs an action that takes less than `limitMs` on an idle machine, and fails when it takes longer. On a busy machine
 * the limit grows by the greatest slowdown that was measured before, during and after the action: the product's
 * promises in seconds do not hold for a machine with other work.
 */
export async function within<T>(limitMs: number, action: () => Promise<T>): Promise<T> {
  let slowest = slowdown();
  const measure = () => {
    slowest = Math.max(slowest, slowdown());
  };
  const measuring = setInterval(measure, INTERVAL_MS);
  try {
    const startMs = performance.now();
    const value = await action();
    const tookMs = performance.now() - startMs;
    measure();
    expect(tookMs, `milliseconds, on a machine ${slowest.toFixed(1)} times slower than idle`).toBeLessThan(
      limitMs * slowest,
    );
    return value;
  } finally {
    clearInterval(measuring);
  }
}

/** Measures wall time as a multiple of CPU time: 1 on an idle machine, 4 when a process gets a quarter of a core. */
function slowdown(): number {
  const startMs = performance.now();
  const start = process.cpuUsage();
  const usedMs = () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  };
  while (usedMs() < YARDSTICK_MS);
  return Math.max(1, (performance.now() - startMs) / usedMs());
}

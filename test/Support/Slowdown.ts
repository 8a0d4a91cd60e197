import { expect } from 'vitest';

/** CPU time of the yardstick: several time slices of the scheduler. */
const YARDSTICK_MS = 20;

/**
 * Runs an action that takes less than `limitMs` on an idle machine, and fails when it takes longer. On a busy machine the
 * limit grows by the measured slowdown: the product's promises in seconds do not hold for a machine with other work.
 */
export async function within<T>(limitMs: number, action: () => Promise<T>): Promise<T> {
  const before = slowdown();
  const startMs = performance.now();
  const value = await action();
  const tookMs = performance.now() - startMs;
  expect(tookMs, 'milliseconds').toBeLessThan(limitMs * Math.max(before, slowdown()));
  return value;
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

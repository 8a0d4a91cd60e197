import { type Clock, every } from './Clock.ts';

/** A longer gap between two readings of the clock means that the process was suspended. */
const GAP_MS = 3_000;
const LOOK_MS = 1_000;
/** Tolerance for early timers. */
const EARLY_MS = 2;

/**
 * A clock without the time in which the computer slept or the process was stopped. No answer can arrive then, so no
 * deadline, snub or expiry may fall due by it. Never closed.
 */
export function awakeClock(base: Clock): Clock {
  let lastMs = base.nowMs();
  let sleptMs = 0;
  const nowMs = () => {
    const baseMs = base.nowMs();
    const gapMs = baseMs - lastMs;
    if (gapMs > GAP_MS) sleptMs += gapMs;
    lastMs = baseMs;
    return baseMs - sleptMs;
  };
  every(base, LOOK_MS, nowMs);
  return {
    nowMs,
    after: (delayMs, task) => {
      const dueMs = nowMs() + delayMs;
      const look = () => {
        const leftMs = dueMs - nowMs();
        if (leftMs > EARLY_MS) cancel = base.after(leftMs, look);
        else task();
      };
      let cancel = base.after(delayMs, look);
      return () => cancel();
    },
  };
}

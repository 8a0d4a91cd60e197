import { type Clock, every } from './Clock.ts';

/** A gap between two looks at the time that is longer than this was not lived through. */
const GAP_MS = 3_000;
const LOOK_MS = 1_000;
/** Timers may be early by that much. */
const EARLY_MS = 2;

/**
 * Time that this process lived through. While the computer slept, or the process was stopped, nobody could answer it: that
 * time does not pass, so that no deadline, snub or expiry falls due by it. Lasts as long as the program.
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

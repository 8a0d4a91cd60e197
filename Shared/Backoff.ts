/**
 * The wait before attempt `attempt` (0-based) in milliseconds: the listed steps, then the last one forever.
 * @param jitter - a number in [0, 1); spreads the wait by up to +25 % so that many peers do not retry at once.
 */
export function backoffMs(stepsMs: readonly [number, ...number[]], attempt: number, jitter = 0): number {
  const step = stepsMs[Math.min(attempt, stepsMs.length - 1)] ?? stepsMs[0];
  return step * (1 + jitter / 4);
}

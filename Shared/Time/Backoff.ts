/**
 * Backoff before attempt `attempt` (0-based), in milliseconds: the listed steps, then the last one repeats.
 * @param jitter - in [0, 1); adds up to 25 %, so that many peers do not retry at once
 */
export function backoffMs(stepsMs: readonly [number, ...number[]], attempt: number, jitter = 0): number {
  const step = stepsMs[Math.min(attempt, stepsMs.length - 1)] ?? stepsMs[0];
  return step * (1 + jitter / 4);
}

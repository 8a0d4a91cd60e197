import { LOCATE_EARLY_MS, LOCATE_MS } from '../../../Protocol/Limits.ts';

/**
 * When to ask the trackers for holders: milliseconds after the start of a download at which ask number `ask` (0-based) is due.
 * Early asks are close together, since leechers of one file tend to start together and should find each other.
 */
export function locateAtMs(ask: number): number {
  const early = LOCATE_EARLY_MS[ask];
  if (early !== undefined) return early;
  const last = LOCATE_EARLY_MS[LOCATE_EARLY_MS.length - 1] ?? 0;
  return last + (ask - LOCATE_EARLY_MS.length + 1) * LOCATE_MS;
}

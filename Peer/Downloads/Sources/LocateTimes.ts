import { LOCATE_EARLY_MS, LOCATE_MS } from '../../../Protocol/Limits.ts';

/**
 * Schedule of tracker queries: milliseconds after the start at which query `ask` (0-based) is due. Early queries
 * are close together, because leechers of one file tend to start together.
 */
export function locateAtMs(ask: number): number {
  const early = LOCATE_EARLY_MS[ask];
  if (early !== undefined) return early;
  const last = LOCATE_EARLY_MS[LOCATE_EARLY_MS.length - 1] ?? 0;
  return last + (ask - LOCATE_EARLY_MS.length + 1) * LOCATE_MS;
}

import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { backoffMs } from '../../../Shared/Time/Backoff.ts';

/** Absences of a tracker that count: those without an hour between them. */
const REMEMBERED_MS = 3_600_000;
/** Hold-downs after the second absence and each further one. */
const HOLD_MS = [60_000, 120_000, 240_000, 480_000, 960_000] as const;
/** Trackers whose absences are remembered: twice as many as a cluster has. */
const TRACKERS_MAX = 128;

interface Absences {
  readonly count: number;
  /** Time of its last return. */
  readonly lastMs: number;
}

/**
 * Damps trackers of a cluster that come and go, like routes that flap (RFC 2439). One that returns for the second
 * time within an hour is not chosen as home for a minute; each further return doubles that time. Otherwise
 * its peers would publish everything at another tracker with every loss, and once more with every return.
 */
export class HoldDowns {
  /** By address, the last one that came back last. */
  readonly #absences = new BoundedMap<string, Absences>(TRACKERS_MAX);

  /** Counts the return of a tracker. */
  returned(key: string, nowMs: number): void {
    const before = this.#absences.get(key);
    const isRecent = before !== undefined && nowMs < before.lastMs + REMEMBERED_MS;
    this.#absences.set(key, { count: isRecent ? before.count + 1 : 1, lastMs: nowMs });
  }

  isHeld(key: string, nowMs: number): boolean {
    return nowMs < endOf(this.#absences.get(key));
  }

  /** End of the hold-down that ends next; Infinity: there is none. */
  nextEndMs(nowMs: number): number {
    return Math.min(...[...this.#absences.values()].map(endOf).filter((endMs) => endMs > nowMs));
  }
}

function endOf(absences: Absences | undefined): number {
  if (absences === undefined || absences.count < 2) return Number.NEGATIVE_INFINITY;
  return absences.lastMs + backoffMs(HOLD_MS, absences.count - 2);
}

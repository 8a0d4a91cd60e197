/** Losses of a tracker that count: those without an hour between them. */
const REMEMBERED_MS = 3_600_000;
/** Hold-down after the second loss; doubled by each further one. */
const HOLD_MS = 60_000;
const HOLD_MAX_MS = 960_000;
/** Trackers whose losses are remembered: twice as many as a cluster has. */
const TRACKERS_MAX = 128;

interface Losses {
  readonly count: number;
  readonly lastMs: number;
}

/**
 * Damps trackers of a cluster that come and go, like routes that flap (RFC 2439): after its second loss within an
 * hour a tracker is not chosen as home for a minute, after each further one for twice as long. Otherwise its peers
 * would publish everything at another tracker with every loss, and once more with every return.
 */
export class HoldDowns {
  /** By address, the last lost one last. */
  readonly #losses = new Map<string, Losses>();

  /** Counts the loss of a tracker. */
  lost(key: string, nowMs: number): void {
    const before = this.#losses.get(key);
    const isRecent = before !== undefined && nowMs < before.lastMs + REMEMBERED_MS;
    this.#losses.delete(key);
    this.#losses.set(key, { count: isRecent ? before.count + 1 : 1, lastMs: nowMs });
    const [oldest] = this.#losses.keys();
    if (this.#losses.size > TRACKERS_MAX && oldest !== undefined) this.#losses.delete(oldest);
  }

  isHeld(key: string, nowMs: number): boolean {
    return nowMs < endOf(this.#losses.get(key));
  }

  /** End of the hold-down that ends next; Infinity: there is none. */
  nextEndMs(nowMs: number): number {
    return Math.min(...[...this.#losses.values()].map(endOf).filter((endMs) => endMs > nowMs));
  }
}

function endOf(losses: Losses | undefined): number {
  if (losses === undefined || losses.count < 2) return Number.NEGATIVE_INFINITY;
  return losses.lastMs + Math.min(HOLD_MS * 2 ** (losses.count - 2), HOLD_MAX_MS);
}

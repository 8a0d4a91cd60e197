import { isLoopback } from '../../../../Shared/Network/Address.ts';

/** Places of one host, enough for several peers and their lanes. Loopback is exempt. */
const PER_HOST_MAX = 32;
/** Idle time after which a settled connection gives way to a newcomer. */
const IDLE_MS = 5_000;
/** Share of the places that newcomers may take from idle connections before they displace each other. */
const UNSETTLED_SHARE = 0.25;

/** A connection that takes up a place. */
export interface Place {
  readonly host: string;
  readonly sinceMs: number;
  /** Whether the remote side is known. */
  readonly settled: boolean;
  /** Milliseconds without use; undefined: in use. */
  idleMs(nowMs: number): number | undefined;
}

/**
 * Decides about the places for incoming connections. When all are taken, a newcomer displaces the oldest unsettled or
 * the longest idle connection, of the host that has most of them first: neither silent nor idle ones shut a peer.
 */
export class ConnectionRoom<P extends Place> {
  readonly #max: number;
  readonly #places = new Set<P>();
  readonly #byHost = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns `free`: enter at once; a place: evict it first; `full`: every place is in use */
  roomFor(host: string, nowMs: number): 'free' | 'full' | P {
    const overShare =
      (this.#byHost.get(host) ?? 0) >= Math.min(PER_HOST_MAX, this.#max / 2) && !isLoopback(host);
    if (!overShare && this.#places.size < this.#max) return 'free';
    const places = [...this.#places].filter((place) => !overShare || place.host === host);
    const unsettled = places.filter(({ settled }) => !settled);
    const byAge = (place: P) => nowMs - place.sinceMs;
    if (unsettled.length >= this.#max * UNSETTLED_SHARE) return this.#worst(unsettled, byAge) ?? 'full';
    const idleMs = (place: P) => (place.settled ? (place.idleMs(nowMs) ?? 0) : 0);
    const idle = places.filter((place) => idleMs(place) >= IDLE_MS);
    return this.#worst(idle, idleMs) ?? this.#worst(unsettled, byAge) ?? 'full';
  }

  enter(place: P): void {
    this.#places.add(place);
    this.#byHost.set(place.host, (this.#byHost.get(place.host) ?? 0) + 1);
  }

  /** Frees a place; safe to call twice. */
  leave(place: P): void {
    if (!this.#places.delete(place)) return;
    const count = (this.#byHost.get(place.host) ?? 0) - 1;
    if (count > 0) this.#byHost.set(place.host, count);
    else this.#byHost.delete(place.host);
  }

  /** The place with the highest rank, of the host with the most of these places. */
  #worst(places: readonly P[], rank: (place: P) => number): P | undefined {
    const counts = new Map<string, number>();
    for (const { host } of places) counts.set(host, (counts.get(host) ?? 0) + 1);
    let worst: P | undefined;
    for (const place of places) {
      const count = counts.get(place.host) ?? 0;
      const worstCount = worst === undefined ? 0 : (counts.get(worst.host) ?? 0);
      if (worst === undefined || count > worstCount || (count === worstCount && rank(place) > rank(worst)))
        worst = place;
    }
    return worst;
  }
}

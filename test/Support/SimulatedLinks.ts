import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { SimulatedClock } from './SimulatedClock.ts';

/** Properties of one direction between two hosts. */
export interface LinkOptions {
  /** Travel time of a datagram or segment, drawn from this range, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number];
  /** Share of datagrams lost. Streams lose nothing: TCP hides it. */
  readonly lossRatio: number;
  /** Share of datagrams that are duplicated. */
  readonly duplicateRatio: number;
  /** Whether a datagram may overtake another one; needs a range of latencies. */
  readonly reorder: boolean;
  /** Capacity shared by all streams of the direction. Infinity: no limit. */
  readonly bytesPerSecond: number;
}

export interface NetworkOptions extends Partial<LinkOptions> {
  readonly seed: number;
  /** By default, a clock of its own. */
  readonly clock?: SimulatedClock;
}

const QUIET: LinkOptions = {
  latencyMs: [1, 1],
  lossRatio: 0,
  duplicateRatio: 0,
  reorder: true,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

/** Within one host nothing is lost. */
const LOOPBACK: LinkOptions = { ...QUIET, latencyMs: [0.05, 0.05] };

/** One direction between two hosts. */
export interface Link {
  options: LinkOptions;
  /** End of transmission of the last segment. */
  freeAtMs: number;
  /** Arrival of the last datagram, for links that keep the order. */
  lastArrivalMs: number;
}

/** Latency, loss, capacity and partitions between the hosts of a simulated network; its clock and its chance. */
export class SimulatedLinks {
  readonly clock: SimulatedClock;
  /** Generator of the network; a test uses `random.fork()`, so that neither affects the other. */
  readonly random: SeededRandom;
  readonly #links = new Map<string, Link>();
  readonly #cuts = new Set<string>();
  #defaults: LinkOptions;

  constructor({ seed, clock, ...link }: NetworkOptions) {
    this.clock = clock ?? new SimulatedClock();
    this.random = new SeededRandom(seed);
    this.#defaults = { ...QUIET, ...link };
  }

  /** Changes all links without options of their own, from now on. */
  configure(change: Partial<LinkOptions>): void {
    const before = this.#defaults;
    this.#defaults = { ...before, ...change };
    for (const link of this.#links.values()) if (link.options === before) link.options = this.#defaults;
  }

  /** Changes both directions between two hosts, from now on. */
  setLink(one: string, other: string, change: Partial<LinkOptions>): void {
    for (const link of [this.link(one, other), this.link(other, one)]) {
      link.options = { ...link.options, ...change };
    }
  }

  /**
   * Separates two groups until `heal`: datagrams are lost, streams stall and break after a minute, dials time out.
   */
  partition(group: readonly string[], others: readonly string[]): void {
    for (const one of group) {
      for (const other of others) {
        this.#cuts.add(linkKey(one, other));
        this.#cuts.add(linkKey(other, one));
      }
    }
  }

  /** Ends all partitions. */
  heal(): void {
    this.#cuts.clear();
  }

  /** @internal Whether a partition lies between two hosts now. */
  isCut(from: string, to: string): boolean {
    return this.#cuts.has(linkKey(from, to));
  }

  /** @internal */
  link(from: string, to: string): Link {
    const key = linkKey(from, to);
    const found = this.#links.get(key);
    if (found !== undefined) return found;
    const made: Link = { options: from === to ? LOOPBACK : this.#defaults, freeAtMs: 0, lastArrivalMs: 0 };
    this.#links.set(key, made);
    return made;
  }

  /** @internal Draws the travel time of the next datagram or segment. */
  latency(link: Link): number {
    const [min, max] = link.options.latencyMs;
    return min === max ? min : this.random.between(min, max);
  }
}

function linkKey(from: string, to: string): string {
  return `${from} ${to}`;
}

import { type Address, isLoopback } from '../../Shared/Address.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import type { DatagramSocket } from '../../Shared/Transport.ts';
import { SimulatedClock } from './SimulatedClock.ts';
import { SimulatedHost } from './SimulatedHost.ts';

/** How one direction between two hosts behaves. */
export interface LinkOptions {
  /** Time a datagram or segment travels: anything from the first to the second number, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number];
  /** Share of datagrams that never arrive. Streams are not lossy: TCP hides it. */
  readonly lossRatio: number;
  /** Share of datagrams that arrive twice. */
  readonly duplicateRatio: number;
  /** Whether a datagram may overtake another (whenever the latency is a range). */
  readonly reorder: boolean;
  /** What all streams of the direction carry together. Infinity: no limit. */
  readonly bytesPerSecond: number;
}

export interface NetworkOptions extends Partial<LinkOptions> {
  readonly seed: number;
  /** To share one clock between several things; else the network makes its own. */
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

/** One direction between two hosts, and when it is free again. */
export interface Link {
  options: LinkOptions;
  /** Moment at which the last segment handed to it has left. */
  freeAtMs: number;
  /** Moment the last datagram arrives, for links that keep the order. */
  lastArrivalMs: number;
}

/**
 * A network on the desk: hosts with an address each, UDP and TCP between them as in Shared/Transport.ts, all of it
 * timers of one simulated clock and draws of one seeded generator. One seed, one history.
 *
 *     const network = new SimulatedNetwork({ seed: 7, lossRatio: 0.3, latencyMs: [5, 80] });
 *     const peer = network.host('10.0.0.2');          // peer.dial, peer.listen, peer.bindDatagram
 *     await network.settle(something);                // moves simulated time until the promise is done
 */
export class SimulatedNetwork {
  readonly clock: SimulatedClock;
  /** The network's own chance; a test draws from `random.fork()` so that neither moves the other. */
  readonly random: SeededRandom;
  /** What happened to datagrams so far. */
  readonly datagrams = { sent: 0, delivered: 0, lost: 0, duplicated: 0, bytes: 0 };
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #links = new Map<string, Link>();
  readonly #cuts = new Set<string>();
  #defaults: LinkOptions;

  constructor({ seed, clock, ...link }: NetworkOptions) {
    this.clock = clock ?? new SimulatedClock();
    this.random = new SeededRandom(seed);
    this.#defaults = { ...QUIET, ...link };
  }

  /** The host with that IP; made when first asked for. 127.0.0.0/8 and ::1 always mean the sender's own host. */
  host(ip: string): SimulatedHost {
    const found = this.#hosts.get(ip) ?? new SimulatedHost(this, ip);
    this.#hosts.set(ip, found);
    return found;
  }

  /** A UDP socket at once, without waiting. @param port - 0 takes a free one */
  socket(ip: string, port = 0): DatagramSocket {
    return this.host(ip).bindNow({ port });
  }

  /** Moves simulated time until the promise is done. @throws Error when it could never end */
  settle<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.settle(promise, limitMs);
  }

  /** Changes all links that are not set one by one, from now on. */
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
   * Nothing passes between the two groups until `heal`: datagrams are lost, streams wait and break after a minute,
   * dials time out.
   */
  partition(group: readonly string[], others: readonly string[]): void {
    for (const one of group) {
      for (const other of others) {
        this.#cuts.add(linkKey(one, other));
        this.#cuts.add(linkKey(other, one));
      }
    }
  }

  /** Everything passes again. */
  heal(): void {
    this.#cuts.clear();
  }

  /** Breaks all streams between two hosts at once: both ends see ECONNRESET. */
  breakStreams(one: string, other: string): void {
    for (const stream of [...this.host(one).streams]) {
      if (stream.peerHost.ip === other) stream.breakBoth();
    }
  }

  /** @internal The host died; its address is free. */
  forget(host: SimulatedHost): void {
    if (this.#hosts.get(host.ip) === host) this.#hosts.delete(host.ip);
  }

  /** @internal Whether something sent now from one host could reach the other. */
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

  /** @internal How long the next thing travels. */
  latency(link: Link): number {
    const [min, max] = link.options.latencyMs;
    return min === max ? min : this.random.between(min, max);
  }

  /** @internal The host an address leads to, seen from another one. */
  route(from: SimulatedHost, to: string): SimulatedHost | undefined {
    return isLoopback(to) ? from : this.#hosts.get(to);
  }

  /** @internal One datagram on its way; the bytes are the network's own. */
  carry(
    bytes: Uint8Array,
    from: SimulatedHost,
    source: Address,
    target: Address,
    canBroadcast: boolean,
  ): void {
    this.datagrams.sent++;
    this.datagrams.bytes += bytes.length;
    const broadcast = /^255\.255\.255\.255$|^\d+\.\d+\.\d+\.255$/.test(target.host);
    if (broadcast) {
      for (const host of this.#hosts.values()) {
        if (canBroadcast && sameBroadcast(host.ip, target.host))
          this.#travel(bytes, from, host, source, target);
      }
      return;
    }
    const host = this.route(from, target.host);
    if (host === undefined) this.datagrams.lost++;
    else this.#travel(bytes, from, host, source, target);
  }

  #travel(bytes: Uint8Array, from: SimulatedHost, to: SimulatedHost, source: Address, target: Address): void {
    const link = this.link(from.ip, to.ip);
    if (this.isCut(from.ip, to.ip) || this.random.chance(link.options.lossRatio)) {
      this.datagrams.lost++;
      return;
    }
    const copies = this.random.chance(link.options.duplicateRatio) ? 2 : 1;
    this.datagrams.duplicated += copies - 1;
    for (let copy = 0; copy < copies; copy++) {
      let arrivalMs = this.clock.nowMs() + this.latency(link);
      if (!link.options.reorder) arrivalMs = Math.max(arrivalMs, link.lastArrivalMs);
      link.lastArrivalMs = arrivalMs;
      this.clock.after(arrivalMs - this.clock.nowMs(), () => {
        if (this.isCut(from.ip, to.ip)) this.datagrams.lost++;
        else if (to.receive(Buffer.from(bytes), source, target)) this.datagrams.delivered++;
      });
    }
  }
}

function linkKey(from: string, to: string): string {
  return `${from} ${to}`;
}

/** Whether a broadcast address covers a host: all of them, or its /24. */
function sameBroadcast(ip: string, target: string): boolean {
  return target === '255.255.255.255' || ip.startsWith(target.slice(0, target.lastIndexOf('.') + 1));
}

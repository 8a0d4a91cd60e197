import { type Address, isLoopback } from '../../Shared/Network/Address.ts';
import type { DatagramSocket } from '../../Shared/Network/Transport.ts';
import { type Routes, SimulatedHost } from './SimulatedHost.ts';
import { SimulatedLinks } from './SimulatedLinks.ts';

/**
 * A simulated network: hosts with an address each, UDP and TCP between them as in Shared/Network/Transport.ts, made of
 * timers of one simulated clock and draws of one seeded generator. A seed always gives the same history.
 *
 *     const network = new SimulatedNetwork({ seed: 7, lossRatio: 0.3, latencyMs: [5, 80] });
 *     const peer = network.host('10.0.0.2');          // peer.dial, peer.listen, peer.bindDatagram
 *     await network.settle(something);                // moves simulated time until the promise is done
 */
export class SimulatedNetwork extends SimulatedLinks implements Routes {
  /** Counts since the start. */
  readonly datagrams = { sent: 0, delivered: 0, lost: 0, duplicated: 0, bytes: 0 };
  readonly #hosts = new Map<string, SimulatedHost>();

  /** The host with this IP, created on the first call. 127.0.0.0/8 and ::1 mean the sender's own host. */
  host(ip: string): SimulatedHost {
    const found = this.#hosts.get(ip) ?? new SimulatedHost(this, ip);
    this.#hosts.set(ip, found);
    return found;
  }

  /** Binds a UDP socket synchronously. @param port - 0: a free one */
  socket(ip: string, port = 0): DatagramSocket {
    return this.host(ip).bindNow({ port });
  }

  /** Moves simulated time until the promise is done. @throws Error when it could never end */
  settle<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.settle(promise, limitMs);
  }

  /** Breaks all streams between two hosts at once: both ends see ECONNRESET. */
  breakStreams(one: string, other: string): void {
    for (const stream of [...this.host(one).streams]) {
      if (stream.peerHost.ip === other) stream.breakBoth();
    }
  }

  /** @internal Frees the address of a dead host. */
  forget(host: SimulatedHost): void {
    if (this.#hosts.get(host.ip) === host) this.#hosts.delete(host.ip);
  }

  /** @internal The host at an address, as seen from another host. */
  route(from: SimulatedHost, to: string): SimulatedHost | undefined {
    return isLoopback(to) ? from : this.#hosts.get(to);
  }

  /** @internal Transports one datagram, whose bytes the network owns. */
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

/** Whether a broadcast address covers a host: all of them, or its /24. */
function sameBroadcast(ip: string, target: string): boolean {
  return target === '255.255.255.255' || ip.startsWith(target.slice(0, target.lastIndexOf('.') + 1));
}

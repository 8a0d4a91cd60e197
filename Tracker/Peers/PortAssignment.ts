import { PEER_PORT_FIRST, PEER_PORT_LAST } from '../../Protocol/Limits.ts';
import { type Address, formatAddress } from '../../Shared/Network/Address.ts';

/** Lease of an assigned port until the first heartbeat of its peer. */
export const ASSIGNED_MS = 30_000;
/** Leases at once. Beyond this the oldest is evicted. */
const ASSIGNED_MAX = 4_096;

interface Assigned {
  readonly host: string;
  readonly port: number;
  readonly untilMs: number;
}

/** Leases TCP ports to peers that request one. */
export class PortAssignment {
  /** By address and transaction of the request, oldest first. */
  readonly #assigned = new Map<string, Assigned>();

  /**
   * A port of 9000-9999 that is free at the sender's host; undefined: none. A retransmitted request gets the same port.
   * A new request gets another port, because a program unknown to the tracker holds the first one.
   * @param known - ports of registered peers of that host
   */
  assign(
    sender: Address,
    transactionId: number,
    known: () => ReadonlySet<number>,
    nowMs: number,
  ): number | undefined {
    this.#evict(nowMs);
    const key = `${formatAddress(sender)} ${transactionId}`;
    const before = this.#assigned.get(key);
    if (before !== undefined) return before.port;
    const { host } = sender;
    const taken = new Set(known());
    for (const each of this.#assigned.values()) if (each.host === host) taken.add(each.port);
    for (let port = PEER_PORT_FIRST; port <= PEER_PORT_LAST; port++) {
      if (taken.has(port)) continue;
      this.#assigned.set(key, { host, port, untilMs: nowMs + ASSIGNED_MS });
      return port;
    }
    return undefined;
  }

  #evict(nowMs: number): void {
    for (const [key, { untilMs }] of this.#assigned) {
      if (untilMs > nowMs && this.#assigned.size < ASSIGNED_MAX) return;
      this.#assigned.delete(key);
    }
  }
}

import { PEER_PORT_FIRST, PEER_PORT_LAST } from '../Protocol/Limits.ts';
import { type Address, formatAddress } from '../Shared/Address.ts';

/** From the assignment to the first heartbeat: a port is nobody else's for so long. */
export const ASSIGNED_MS = 30_000;
const ASSIGNED_MAX = 4_096;

interface Assigned {
  readonly host: string;
  readonly port: number;
  readonly untilMs: number;
}

/** Names TCP ports to peers that ask for one. Remembers each until its peer is registered, or not coming. */
export class PortAssignment {
  /** By who asked; the oldest is first. */
  readonly #assigned = new Map<string, Assigned>();

  /**
   * A port of 9000-9999 that is free at the asker's address; undefined: there is none. A repeated question has the
   * same answer; another one another port, because the first was taken there by somebody we do not know.
   * @param known - ports of registered peers at that address
   */
  assign(
    asker: Address,
    transactionId: number,
    known: () => ReadonlySet<number>,
    nowMs: number,
  ): number | undefined {
    this.#forgetOld(nowMs);
    const key = `${formatAddress(asker)} ${transactionId}`;
    const before = this.#assigned.get(key);
    if (before !== undefined) return before.port;
    const { host } = asker;
    const taken = new Set(known());
    for (const each of this.#assigned.values()) if (each.host === host) taken.add(each.port);
    for (let port = PEER_PORT_FIRST; port <= PEER_PORT_LAST; port++) {
      if (taken.has(port)) continue;
      this.#assigned.set(key, { host, port, untilMs: nowMs + ASSIGNED_MS });
      return port;
    }
    return undefined;
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { untilMs }] of this.#assigned) {
      if (untilMs > nowMs && this.#assigned.size < ASSIGNED_MAX) return;
      this.#assigned.delete(key);
    }
  }
}

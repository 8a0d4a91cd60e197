import { RELAYS_NAMED_MAX } from '../../Protocol/Limits.ts';
import type { RegisteredPeer } from '../Peers/RegisteredPeer.ts';

/** Peers examined for one answer to `relays`. */
const RELAYS_EXAMINED_MAX = 256;

/** The registered peers that relay connections. */
export class ConnectionRelays {
  /** The ones named last are at the end. */
  readonly #relays = new Set<RegisteredPeer>();

  /** To be called with every changed heartbeat, and when a peer is removed. */
  updated(peer: RegisteredPeer, relays: boolean): void {
    if (!relays) this.#relays.delete(peer);
    else if (!this.#relays.has(peer)) this.#relays.add(peer);
  }

  /** Some of them, one of each host, others with every request. */
  choose(asking: RegisteredPeer): readonly RegisteredPeer[] {
    const named = new Map<string, RegisteredPeer>();
    let examined = 0;
    for (const peer of this.#relays) {
      if (named.size >= RELAYS_NAMED_MAX || ++examined > RELAYS_EXAMINED_MAX) break;
      const { host, port } = peer.udp;
      const key = peer.isLocal ? `${host} ${port}` : host;
      if (peer !== asking && !named.has(key)) named.set(key, peer);
    }
    for (const peer of named.values()) {
      this.#relays.delete(peer);
      this.#relays.add(peer);
    }
    return [...named.values()];
  }
}

import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { PEER_EXCHANGE_MAX } from '../../../Protocol/Limits.ts';
import type { ExchangedPeer } from '../../../Protocol/PeerMessages.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { type Address, formatAddress, networkClass } from '../../../Shared/Network/Address.ts';
import type { Random } from '../../../Shared/Time/Clock.ts';
import { mayDial } from './Dialling/MayDial.ts';

/** Peers named to a new leecher. */
const NAMED_TO_NEWCOMER = 24;
/** Leechers to which a new leecher is named: it links to those that were named to it. */
const NEWCOMER_NAMED_TO = 8;
/** Addresses outside our networks that one peer named and no second one confirmed; the oldest is evicted. */
const UNCONFIRMED_MAX = 4_096;

/** Peers to be named to the peer `to`. */
export interface Tip {
  readonly to: PeerId;
  readonly peers: readonly ExchangedPeer[];
}

/** Decides which peers are named to which, and which named addresses are trusted. */
export class PeerExchange {
  readonly #interested = new Map<FileId, Map<PeerId, Address>>();
  readonly #unconfirmed = new BoundedMap<string, PeerId>(UNCONFIRMED_MAX);

  /**
   * Adds a leecher: it and the other leechers of the file are named to each other.
   * @param holders - linked peers that have part of the file; they are named to it too
   */
  interested(
    fileId: FileId,
    { peerId, address }: ExchangedPeer,
    holders: readonly ExchangedPeer[] = [],
  ): Tip[] {
    const others = this.#interested.get(fileId) ?? new Map<PeerId, Address>();
    this.#interested.set(fileId, others);
    if (others.has(peerId)) return [];
    const newest = [...others].slice(-NAMED_TO_NEWCOMER).map(([id, at]) => ({ peerId: id, address: at }));
    others.set(peerId, address);
    const fresh = { peerId, address };
    const byId = new Map([...newest, ...holders].map((other) => [other.peerId, other]));
    byId.delete(peerId);
    const reachable = [...byId.values()]
      .filter((other) => canReach(address, other.address))
      .map((other) => ({ peerId: other.peerId, address: other.address }))
      .slice(0, NAMED_TO_NEWCOMER);
    const tips: Tip[] = newest
      .slice(-NEWCOMER_NAMED_TO)
      .filter((other) => canReach(other.address, address))
      .map((other) => ({ to: other.peerId, peers: [fresh] }));
    return reachable.length === 0 ? tips : [{ to: peerId, peers: reachable }, ...tips];
  }

  /** Removes a leecher of the file. */
  notInterested(fileId: FileId, peerId: PeerId): void {
    const others = this.#interested.get(fileId);
    others?.delete(peerId);
    if (others?.size === 0) this.#interested.delete(fileId);
  }

  /** A random selection of the linked peers, for one of them. */
  general(told: ExchangedPeer, linked: readonly ExchangedPeer[], random: Random): readonly ExchangedPeer[] {
    const others = linked.filter(
      (peer) => peer.peerId !== told.peerId && canReach(told.address, peer.address),
    );
    for (let at = others.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      const [one, two] = [others[at], others[other]];
      if (one !== undefined && two !== undefined) [others[at], others[other]] = [two, one];
    }
    return others.slice(0, PEER_EXCHANGE_MAX);
  }

  /**
   * Whether a named address may be dialled: in our own networks at once, elsewhere after a second peer named it, on
   * loopback only if the namer is on this host.
   */
  trusts(namer: { readonly peerId: PeerId; readonly address: Address }, named: Address): boolean {
    if (!mayDial(named)) return false;
    switch (networkClass(named.host)) {
      case 'loopback':
        return networkClass(namer.address.host) === 'loopback';
      case 'lan':
        return true;
      case 'elsewhere': {
        const key = formatAddress(named);
        const first = this.#unconfirmed.get(key);
        if (first !== undefined && first !== namer.peerId) return true;
        this.#unconfirmed.set(key, namer.peerId);
        return false;
      }
    }
  }
}

/** A loopback address is valid on its own host only. */
function canReach(from: Address, to: Address): boolean {
  return networkClass(to.host) !== 'loopback' || networkClass(from.host) === 'loopback';
}

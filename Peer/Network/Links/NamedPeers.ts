import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { ControlOf, ExchangedPeer } from '../../../Protocol/PeerMessages.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { KnownContact } from '../../Model.ts';

export interface NamedPeersOptions {
  readonly self: PeerId;
  readonly isBanned: (peerId: PeerId) => boolean;
  /** Whether an address that a linked peer names may be dialled. */
  readonly trusts: (namer: KnownContact, address: Address) => boolean;
  readonly sourceFound: (fileId: FileId, contact: KnownContact) => void;
  readonly peerFound: (contact: KnownContact, namer: PeerId) => void;
  readonly trackerFound: (address: Address) => void;
}

/** Peers and trackers that linked peers name: passes on those whose address may be dialled. */
export class NamedPeers {
  readonly #options: NamedPeersOptions;

  constructor(options: NamedPeersOptions) {
    this.#options = options;
  }

  /** @param fileId - the peers have part or all of it; undefined: peers in general */
  peers(namer: KnownContact, fileId: FileId | undefined, peers: readonly ExchangedPeer[]): void {
    const { self, isBanned, trusts, sourceFound, peerFound } = this.#options;
    for (const { peerId, address } of peers) {
      const own = peerId === self || peerId === namer.peerId;
      if (own || isBanned(peerId) || !trusts(namer, address)) continue;
      const contact = { peerId, name: '', address };
      if (fileId === undefined) peerFound(contact, namer.peerId);
      else sourceFound(fileId, contact);
    }
  }

  tracker(namer: KnownContact, { address, onMyHost }: Omit<ControlOf<'tracker'>, 'type'>): void {
    const place = onMyHost ? { host: namer.address.host, port: address.port } : address;
    if (this.#options.trusts(namer, place)) this.#options.trackerFound(place);
  }
}

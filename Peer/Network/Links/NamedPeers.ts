import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { KnownContact } from '../../Model.ts';
import type { PeerContext } from './Link/PeerContext.ts';

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
export function namedPeers({
  self,
  isBanned,
  trusts,
  sourceFound,
  peerFound,
  trackerFound,
}: NamedPeersOptions): Pick<PeerContext, 'named' | 'trackerNamed'> {
  return {
    named: (namer, fileId, peers) => {
      for (const { peerId, address } of peers) {
        const own = peerId === self || peerId === namer.peerId;
        if (own || isBanned(peerId) || !trusts(namer, address)) continue;
        const contact = { peerId, name: '', address };
        if (fileId === undefined) peerFound(contact, namer.peerId);
        else sourceFound(fileId, contact);
      }
    },
    trackerNamed: (namer, { address, onMyHost }) => {
      const place = onMyHost ? { host: namer.address.host, port: address.port } : address;
      if (trusts(namer, place)) trackerFound(place);
    },
  };
}

import type { Uploads } from '../Lanes/Sending/Uploads.ts';
import type { SecureTransport } from './Accepting/Secure.ts';
import type { LinkedPeer } from './Link/LinkedPeer.ts';
import type { LinkStatus } from './PeerLinksTypes.ts';

/** Control links with their lanes, for display. */
export function linkStatus(
  peers: readonly LinkedPeer[],
  uploads: Pick<Uploads, 'laneWay'>,
  secure: Pick<SecureTransport, 'lanes'>,
): readonly LinkStatus[] {
  return peers.map(({ contact, link, dials, lane }) => ({
    peer: contact,
    sinceMs: link.sinceMs,
    wallMs: link.hello?.wallMs,
    link: {
      dialledByUs: link.dialledByUs,
      undialable: dials.isUndialable,
      relayedBy: contact.relayedBy,
      lanes: {
        encrypted: secure.lanes !== undefined || link.via !== undefined,
        receiving: lane.isOpen ? dials.laneWay : undefined,
        sending: uploads.laneWay(contact.peerId),
      },
    },
  }));
}

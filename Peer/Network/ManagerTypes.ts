import type { FileId } from '../../Protocol/Ids.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { Firewall } from '../../Shared/Network/Firewall.ts';
import type { WallClock } from '../../Shared/Time/Clock.ts';
import type { FileHolder, KnownContact } from '../Model.ts';
import type { Descriptors } from '../NetworkModel.ts';
import type { PeerLinksEvents, PeerLinksOptions } from './Links/PeerLinksTypes.ts';
import type { PortRouter } from './PortMapping/PortMapper.ts';
import type { TrackersEvents, TrackersOptions } from './Trackers/TrackersTypes.ts';

/** Dependencies of the network. Links and trackers share self, clock, randomness and log. */
export type NetworkManagerOptions = Omit<PeerLinksOptions, 'feed' | 'namedRelays'> &
  Omit<TrackersOptions, 'uploads' | 'undialable' | 'relays'> & {
    readonly wallMs: WallClock;
    readonly descriptors: () => Descriptors;
    /** Asks the router for a port. Omitted: it is not asked. */
    readonly router?: PortRouter | undefined;
    /** Finds the firewall program of this computer. Omitted: none is known. */
    readonly firewall?: () => Firewall | undefined;
    /** Datagrams dropped before they reached the trackers: not sealed for this private network. */
    readonly foreignDatagrams?: () => number;
  };

/** Events of the network. Addresses and names are unverified. */
export interface NetworkEvents
  extends Pick<TrackersEvents, 'trackerFound' | 'trackerLost'>,
    Pick<PeerLinksEvents, 'served' | 'servedBundle' | 'hasAll' | 'offered'> {
  trackerMoved: [from: Address, to: Address];
  /** No tracker was found, so this peer runs one. */
  trackerEmbedded: [tracker: Address];
  /** Another peer has chunks of a file being downloaded here. */
  sourceFound: [fileId: FileId, holder: FileHolder];
  /** The link to a peer closed. */
  peerLeft: [peer: KnownContact];
}

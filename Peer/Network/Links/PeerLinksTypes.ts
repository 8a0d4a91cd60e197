import type { BundledFile } from '../../../Protocol/Bundle.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { Interfaces } from '../../../Shared/Network/NetworkInterfaces.ts';
import type { Dial, Listen } from '../../../Shared/Network/Transport.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock, Random, WallClock } from '../../../Shared/Time/Clock.ts';
import type { LinkSummary } from '../../LinkModel.ts';
import type { KnownContact, PeerContact, Self } from '../../Model.ts';
import type { Offer } from '../../PushModel.ts';
import type { Memory } from '../Lanes/BufferPool.ts';
import type { Limit } from '../Lanes/Limits/TransferLimits.ts';
import type { CatalogFeed, ChunkProvider, FilePump } from '../Ports.ts';
import type { HttpsFace } from './Accepting/HttpsOpening.ts';
import type { Opening } from './Accepting/Opening.ts';
import type { SecureTransport } from './Accepting/Secure.ts';

export interface PeerLinksOptions {
  /** Its `port` is announced until `start` has bound the real one. */
  readonly self: Self;
  readonly provider: ChunkProvider;
  /** Sends large files without copies. Omitted: everything is copied. */
  readonly pump?: FilePump | undefined;
  /** Answers questions of peers while no tracker does. Undefined: peers learn not to ask. */
  readonly feed?: Pick<CatalogFeed, 'matching'>;
  /** Dials lanes. */
  readonly dial: Dial;
  /** Dials and accepts control links. */
  readonly secure: SecureTransport;
  readonly listen: Listen;
  readonly clock: Clock;
  /** Wall clock announced to peers, so that a wrong one is detected. Omitted: none is announced. */
  readonly wallMs?: WallClock;
  readonly random: Random;
  /** Unpredictable bytes, for lane tokens. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  /** Allocates transfer buffers; omitted: memory of the process. */
  readonly memory?: Memory;
  readonly uploadLimit?: Limit;
  readonly downloadLimit?: Limit;
  /** Reads this computer's addresses: peers in the same networks count as LAN. Omitted: private addresses only. */
  readonly interfaces?: () => Interfaces;
  /** Upper bound on open incoming connections. Omitted: 512. */
  readonly connectionsMax?: number;
  /** Has a tracker ask a peer to dial us. @throws ShoalError when none does */
  readonly callByTracker?: (peerId: PeerId) => Promise<void>;
  /** See DialRequestsOptions. */
  readonly relayLimit?: number | undefined;
  readonly namedRelays?: () => Promise<readonly PeerContact[]>;
  /** Answers HTTP on the port. Omitted: status 501. */
  readonly http?: Opening;
  /** Takes over TLS connections of browsers. Undefined: closed. */
  readonly https?: HttpsFace | undefined;
}

/** A tracker as named to linked peers. `onMyHost`: reached by loopback, so the address is of no use to other hosts. */
export interface NamedTracker {
  readonly address: Address;
  readonly onMyHost: boolean;
}

/** A control link for display. */
export interface LinkStatus {
  readonly peer: KnownContact;
  readonly sinceMs: number;
  /** Wall clock of the peer at the begin of the link, in milliseconds since 1970, as it claims. */
  readonly wallMs: number | undefined;
  readonly link: LinkSummary;
}

/** Events of the links. */
export interface PeerLinksEvents {
  peerJoined: [peer: KnownContact];
  /** Reason undefined: an orderly goodbye. */
  peerLeft: [peer: KnownContact, reason: ShoalError | undefined];
  /** A peer with part or all of a file was named. `near`: it announced the file itself, over its own link. */
  sourceFound: [fileId: FileId, contact: KnownContact & { readonly near?: boolean }];
  /** A linked peer named another one that it is linked to. */
  peerFound: [contact: KnownContact, namer: PeerId];
  /** Another peer offers a file (push); to be answered with acceptOffer or refuseOffer. */
  offered: [peer: KnownContact, requestId: number, offer: Offer];
  /** A linked peer was sent payload of a file. */
  served: [peer: KnownContact, fileId: FileId, bytes: number];
  /** A linked peer was sent a bundle. Files of it that are not here were answered with zeros. */
  servedBundle: [peer: KnownContact, files: readonly BundledFile[]];
  /** A linked peer announced that it has all of a file. */
  hasAll: [peer: PeerId, fileId: FileId];
  /** A linked peer named a tracker that it uses. */
  trackerNamed: [address: Address];
}

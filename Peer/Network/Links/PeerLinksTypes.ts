import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { Address } from '../../../Shared/Address.ts';
import type { Clock, Random } from '../../../Shared/Clock.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Dial, Listen } from '../../../Shared/Transport.ts';
import type { Offer, Self } from '../../Model.ts';
import type { Memory } from '../Lanes/BufferPool.ts';
import type { Limit } from '../Lanes/TransferLimits.ts';
import type { CatalogFeed, ChunkProvider } from '../Ports.ts';
import type { Interfaces } from './Accepting/AddressClass.ts';
import type { KnownContact } from './LinkedPeer.ts';

export interface PeerLinksOptions {
  /** Its `port` is told to others only when `start` listens on the same; else the real one is. */
  readonly self: Self;
  readonly provider: ChunkProvider;
  /** Answers what peers ask when no tracker does; undefined: they are told not to ask. */
  readonly feed?: Pick<CatalogFeed, 'matching'>;
  readonly dial: Dial;
  readonly listen: Listen;
  readonly clock: Clock;
  readonly random: Random;
  /** Unpredictable bytes, for lane tokens. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  /** Where chunks under way lie; left out: memory of the process. */
  readonly memory?: Memory;
  readonly uploadLimit?: Limit;
  readonly downloadLimit?: Limit;
  /** This computer's addresses, now: who is in one of its networks counts as LAN. Left out: private addresses only. */
  readonly interfaces?: () => Interfaces;
}

/** A tracker as told to linked peers: `onMyHost` when it is reached by loopback, which means nothing to others. */
export interface NamedTracker {
  readonly address: Address;
  readonly onMyHost: boolean;
}

/** A control link as shown to people. */
export interface LinkStatus {
  readonly peer: KnownContact;
  readonly dialledByUs: boolean;
  readonly sinceMs: number;
}

/** What the links tell. */
export interface PeerLinksEvents {
  peerJoined: [peer: KnownContact];
  /** Undefined: it said goodbye. */
  peerLeft: [peer: KnownContact, reason: ShoalError | undefined];
  /** Another peer named one that has (part of) a file; `near`: it told us so itself, over its link. */
  sourceFound: [fileId: FileId, contact: KnownContact & { readonly near?: boolean }];
  /** Another peer named one that it is linked to. */
  peerFound: [contact: KnownContact, namer: PeerId];
  /** A chunk came whole and wrong. */
  wrongBytes: [peer: KnownContact, fileId: FileId];
  /** Another peer wants to push a file to us; to be answered with acceptOffer or refuseOffer. */
  offered: [peer: KnownContact, requestId: number, offer: Offer];
  /** Another peer named a tracker that it uses. */
  trackerNamed: [address: Address];
}

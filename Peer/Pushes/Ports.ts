import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import type { RefusalCode } from '../../Protocol/PeerMessages.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
import type { Offer, PeerContact, UploadStatus } from '../Model.ts';

/** What pushes want from the network, from the disk side and from what is kept between runs. */

/** A peer whose id is known. */
export type KnownContact = PeerContact & { readonly peerId: PeerId };

export interface PushNetwork {
  /**
   * Offers a file of `chunkCount` chunks to a peer.
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED
   */
  offer(
    contact: PeerContact,
    offer: Offer,
    chunkCount: number,
    events: OfferEvents,
    signal: AbortSignal,
  ): Promise<SentOffer>;
  /** From now on that peer is told what we have of the file. */
  acceptOffer(peerId: PeerId, requestId: number, fileId: FileId): void;
  refuseOffer(peerId: PeerId, requestId: number, code: RefusalCode): void;
  /** What was accepted of that peer is here whole, or (`code`) will not be. */
  finishOffer(peerId: PeerId, fileId: FileId, code: RefusalCode | undefined): void;
  /** Peers being served now. */
  uploads(): readonly UploadStatus[];
}

/** What became of an offer that we made. */
export interface OfferEvents {
  accepted(): void;
  /** Chunks were confirmed. */
  confirmed(): void;
  refused(code: RefusalCode): void;
  lost(reason: ShoalError): void;
}

export interface SentOffer {
  /** Chunks the other side has told us to have; undefined: the whole file. */
  readonly confirmed: Bitfield | undefined;
  withdraw(): void;
}

/** What is here. */
export interface OwnFiles {
  holdings(fileId: FileId): Bitfield | 'all' | undefined;
}

/** Peers whose pushes are always taken, kept between runs. What is damaged reads as nobody. */
export interface TrustedSenders {
  load(): Promise<readonly PeerId[]>;
  save(peers: readonly PeerId[]): Promise<void>;
}

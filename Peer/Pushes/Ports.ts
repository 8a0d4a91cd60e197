import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import type { RefusalCode } from '../../Protocol/PeerMessages.ts';
import type { PeerContact, UploadStatus } from '../Model.ts';
import type { Offer } from '../PushModel.ts';
import type { OfferEvents, SentOffer } from '../Transfer.ts';

/** Ports of pushes: their needs from the network, the disk side and the state folder. */

export interface PushNetwork {
  readonly offers: {
    /** Offers a file of `chunkCount` chunks to a peer. @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED */
    offer(
      contact: PeerContact,
      offer: Offer,
      chunkCount: number,
      events: OfferEvents,
      signal: AbortSignal,
    ): Promise<SentOffer>;
    /** Accepts an offer; our chunks of the file are announced to the peer from now on. */
    accept(peerId: PeerId, requestId: number, fileId: FileId): void;
    refuse(peerId: PeerId, requestId: number, code: RefusalCode): void;
    /** Reports the end of an accepted push: complete, or failed with `code`. */
    finish(peerId: PeerId, fileId: FileId, code: RefusalCode | undefined): void;
  };
  /** `uploads`: peers being served. */
  readonly links: { uploads(): readonly UploadStatus[] };
}

/** Our chunks. */
export interface OwnFiles {
  holdings(fileId: FileId): Bitfield | 'all' | undefined;
}

/** Peers whose pushes are always accepted, kept between runs. Damaged content reads as empty. */
export interface TrustedSenders {
  load(): Promise<readonly PeerId[]>;
  save(peers: readonly PeerId[]): Promise<void>;
}

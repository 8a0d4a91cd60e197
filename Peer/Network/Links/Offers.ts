import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import type { PeerContact } from '../../Model.ts';
import type { Offer } from '../../PushModel.ts';
import type { OfferEvents, SentOffer } from '../../Transfer.ts';
import type { LinkTable } from './LinkTable.ts';

/** Offers of files to and from all linked peers. */
export class Offers {
  readonly #table: LinkTable;

  constructor(table: LinkTable) {
    this.#table = table;
  }

  /**
   * Offers a file to a peer; `events` report the result.
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED
   */
  async offer(
    contact: PeerContact,
    offer: Offer,
    chunkCount: number,
    events: OfferEvents,
    signal: AbortSignal,
  ): Promise<SentOffer> {
    return (await this.#table.connect(contact, signal)).offers.offer(offer, chunkCount, events);
  }

  /** Accepts an offer and announces our chunks of the file from now on. Does nothing when the peer is gone. */
  accept(peerId: PeerId, requestId: number, fileId: FileId): void {
    const peer = this.#table.get(peerId);
    peer?.offers.accept(requestId, fileId);
    if (peer?.offers.isFetching(fileId)) peer.announcements.holdings(fileId);
  }

  refuse(peerId: PeerId, requestId: number, code: RefusalCode): void {
    this.#table.get(peerId)?.offers.refuse(requestId, code);
  }

  /** Reports the end of an accepted push: complete, or failed with `code`. */
  finish(peerId: PeerId, fileId: FileId, code: RefusalCode | undefined): void {
    this.#table.get(peerId)?.offers.finish(fileId, code);
  }
}

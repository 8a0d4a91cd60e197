import type { FileId } from '../../../../Protocol/Ids.ts';
import { OFFER_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import type { ControlMessage, ControlOf, RefusalCode } from '../../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { Offer } from '../../../PushModel.ts';
import type { OfferEvents, SentOffer } from '../../../Transfer.ts';
import { RemoteHoldings } from '../Content/RemoteHoldings.ts';

interface Sent {
  readonly message: ControlOf<'offer'>;
  readonly holdings: RemoteHoldings;
  readonly events: OfferEvents;
  cancelDeadline: () => void;
  accepted: boolean;
}

/** Request ids of questions count from 1; offers use the upper half, so that the id of a refusal shows its kind. */
const FIRST_ID = 0x8000_0000;
/** Offers of files between us and one peer, in both directions. */
export class PeerOffers {
  readonly #send: (message: ControlMessage) => void;
  readonly #clock: Clock;
  readonly #sent = new Map<number, Sent>();
  /** Request ids of accepted offers. */
  readonly #accepted = new Map<FileId, number>();
  #nextId = FIRST_ID;

  constructor(send: (message: ControlMessage) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  // ---- our offers

  offer(
    { fileId, size, path, chunks, modifiedMs, executable }: Offer,
    chunkCount: number,
    events: OfferEvents,
  ): SentOffer {
    const requestId = this.#nextId;
    this.#nextId = requestId === 0xffff_ffff ? FIRST_ID : requestId + 1;
    const holdings = new RemoteHoldings();
    holdings.setChunkCount(chunkCount);
    const message = { type: 'offer', requestId, fileId, size, path, chunks, modifiedMs, executable } as const;
    const cancelDeadline = this.#clock.after(OFFER_TIMEOUT_MS, () =>
      this.#end(requestId)?.events.lost(
        new ShoalError('TIMEOUT', 'the peer did not answer the offer in time'),
      ),
    );
    this.#sent.set(requestId, { message, holdings, events, cancelDeadline, accepted: false });
    this.#send(message);
    return {
      get confirmed() {
        return holdings.have;
      },
      withdraw: () => void this.#end(requestId),
    };
  }

  receiveAccept(requestId: number): void {
    const sent = this.#sent.get(requestId);
    if (sent === undefined) return;
    sent.cancelDeadline();
    sent.accepted = true;
    sent.events.accepted();
  }

  /** Returns whether the refusal was about an offer. */
  receiveRefusal({ requestId, code }: ControlOf<'refused'>): boolean {
    if (requestId < FIRST_ID) return false;
    this.#end(requestId)?.events.refused(code);
    return true;
  }

  receiveHoldings(message: ControlOf<'haveAll' | 'bitfield' | 'have'>): void {
    for (const { message: offer, holdings, events, accepted } of this.#sent.values()) {
      if (!accepted || offer.fileId !== message.fileId) continue;
      if (message.type === 'haveAll') holdings.all();
      else if (message.type === 'have') holdings.chunks(message.chunks);
      else holdings.bits(message.firstByte, message.bits);
      events.confirmed();
    }
  }

  // ---- offers of the peer

  /** Whether we fetch a file that the peer pushes; our chunks are announced to it. */
  isFetching(fileId: FileId): boolean {
    return this.#accepted.has(fileId);
  }

  accept(requestId: number, fileId: FileId): void {
    this.#accepted.set(fileId, requestId);
    this.#send({ type: 'accept', requestId });
  }

  refuse(requestId: number, code: RefusalCode): void {
    this.#send({ type: 'refused', requestId, code });
  }

  /** Ends an accepted offer: complete, or failed with `code`. */
  finish(fileId: FileId, code: RefusalCode | undefined): void {
    const requestId = this.#accepted.get(fileId);
    if (requestId === undefined) return;
    this.#accepted.delete(fileId);
    if (code === undefined) this.#send({ type: 'haveAll', fileId });
    else this.refuse(requestId, code);
  }

  // ---- the link

  /** Repeats all offers after the link was replaced. The answer includes chunks confirmed meanwhile. */
  repeat(): void {
    for (const { message } of this.#sent.values()) this.#send(message);
  }

  /** Fails all offers: the peer is gone. */
  fail(reason: ShoalError): void {
    this.#accepted.clear();
    for (const requestId of [...this.#sent.keys()]) this.#end(requestId)?.events.lost(reason);
  }

  #end(requestId: number): Sent | undefined {
    const sent = this.#sent.get(requestId);
    this.#sent.delete(requestId);
    sent?.cancelDeadline();
    return sent;
  }
}

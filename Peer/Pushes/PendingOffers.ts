import type { PeerId } from '../../Protocol/Ids.ts';
import { OFFER_WAIT_MS } from '../../Protocol/Limits.ts';
import type { KnownContact, Offer } from '../Model.ts';

/** Bounds on what strangers can make us store, and the user read. */
const WAITING_PER_PEER_MAX = 4;
const WAITING_MAX = 64;

/** An offer without a decision yet. */
export interface PendingOffer {
  /** Counts from 1 in each run. */
  readonly number: number;
  readonly peer: KnownContact;
  readonly requestId: number;
  readonly offer: Offer;
  readonly sinceMs: number;
}

/** Pending offers, bounded per peer and in total. */
export class PendingOffers {
  readonly #waiting = new Map<number, PendingOffer>();
  #lastNumber = 0;

  /** Oldest first. */
  all(): readonly PendingOffer[] {
    return [...this.#waiting.values()];
  }

  get(number: number): PendingOffer | undefined {
    return this.#waiting.get(number);
  }

  /**
   * Adds an offer; `busy`: a bound is reached. A repeated offer of the same file keeps its number and time.
   * @returns `again`: the offer was pending before
   */
  add(
    peer: KnownContact,
    requestId: number,
    offer: Offer,
    nowMs: number,
  ): { readonly waiting: PendingOffer; readonly again: boolean } | 'busy' {
    const ofPeer = this.all().filter((each) => each.peer.peerId === peer.peerId);
    const before = ofPeer.find((each) => each.offer.fileId === offer.fileId);
    if (before === undefined && (ofPeer.length >= WAITING_PER_PEER_MAX || this.#waiting.size >= WAITING_MAX))
      return 'busy';
    const { number = ++this.#lastNumber, sinceMs = nowMs } = before ?? {};
    const waiting = { number, peer, requestId, offer, sinceMs };
    this.#waiting.set(number, waiting);
    return { waiting, again: before !== undefined };
  }

  remove(number: number): void {
    this.#waiting.delete(number);
  }

  /** Removes and returns offers older than OFFER_WAIT_MS. */
  takeExpired(nowMs: number): readonly PendingOffer[] {
    return this.#take((each) => nowMs - each.sinceMs >= OFFER_WAIT_MS);
  }

  /** Removes and returns the offers of a peer. */
  takeOf(peerId: PeerId): readonly PendingOffer[] {
    return this.#take((each) => each.peer.peerId === peerId);
  }

  #take(which: (waiting: PendingOffer) => boolean): readonly PendingOffer[] {
    const taken = this.all().filter(which);
    for (const { number } of taken) this.#waiting.delete(number);
    return taken;
  }
}

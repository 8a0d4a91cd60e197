import type { PeerId } from '../../Protocol/Ids.ts';
import { OFFER_WAIT_MS } from '../../Protocol/Limits.ts';
import type { Offer } from '../Model.ts';
import type { KnownContact } from './Ports.ts';

/** Bounds what strangers can make us remember, and a person read. */
const WAITING_PER_PEER_MAX = 4;
const WAITING_MAX = 64;

/** An offer that a person has not answered yet. */
export interface Waiting {
  /** 1, 2, 3 … in this run. */
  readonly number: number;
  readonly peer: KnownContact;
  readonly requestId: number;
  readonly offer: Offer;
  readonly sinceMs: number;
}

/** Offers that wait for a person, few of each peer and few in all. */
export class WaitingOffers {
  readonly #waiting = new Map<number, Waiting>();
  #lastNumber = 0;

  /** Oldest first. */
  all(): readonly Waiting[] {
    return [...this.#waiting.values()];
  }

  get(number: number): Waiting | undefined {
    return this.#waiting.get(number);
  }

  /**
   * Takes an offer in, or says `busy`: too many wait. One that the same peer made before of the same file keeps its number and its time.
   * @returns `again`: it was known
   */
  add(
    peer: KnownContact,
    requestId: number,
    offer: Offer,
    nowMs: number,
  ): { readonly waiting: Waiting; readonly again: boolean } | 'busy' {
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

  /** Takes out what waited too long. */
  takeExpired(nowMs: number): readonly Waiting[] {
    return this.#take((each) => nowMs - each.sinceMs >= OFFER_WAIT_MS);
  }

  /** Takes out what a peer offered: it is gone, or trusted now. */
  takeOf(peerId: PeerId): readonly Waiting[] {
    return this.#take((each) => each.peer.peerId === peerId);
  }

  #take(which: (waiting: Waiting) => boolean): readonly Waiting[] {
    const taken = this.all().filter(which);
    for (const { number } of taken) this.#waiting.delete(number);
    return taken;
  }
}

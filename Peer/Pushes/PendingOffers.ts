import { OFFER_WAIT_MS } from '../../Protocol/Limits.ts';
import type { PeerContact } from '../Model.ts';
import type { OfferStatus } from '../PushModel.ts';

/** Bounds on what strangers can make us store, and the user read. */
const WAITING_PER_PEER_MAX = 4;
const WAITING_MAX = 64;

/** An offer that needs a decision, and its consequences. */
export interface ReceivedOffer {
  /** Peer id, or host of an HTTP client. */
  readonly sender: string;
  readonly peer: PeerContact;
  readonly offer: Omit<OfferStatus, 'number' | 'peer' | 'sinceMs'>;
  take(): void;
  refuse(code: 'denied' | 'unanswered'): void;
}

/** An offer without a decision yet. */
export interface PendingOffer extends ReceivedOffer {
  /** Counts from 1 in each run. */
  readonly number: number;
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
    received: ReceivedOffer,
    nowMs: number,
  ): { readonly waiting: PendingOffer; readonly again: boolean } | 'busy' {
    const { sender, offer } = received;
    const ofSender = this.all().filter((each) => each.sender === sender);
    const before = ofSender.find((each) => isSameOffer(each.offer, offer));
    if (
      before === undefined &&
      (ofSender.length >= WAITING_PER_PEER_MAX || this.#waiting.size >= WAITING_MAX)
    )
      return 'busy';
    const { number = ++this.#lastNumber, sinceMs = nowMs } = before ?? {};
    const waiting = { ...received, number, sinceMs };
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

  /** Removes and returns the offers of a sender. */
  takeOf(sender: string): readonly PendingOffer[] {
    return this.#take((each) => each.sender === sender);
  }

  #take(which: (waiting: PendingOffer) => boolean): readonly PendingOffer[] {
    const taken = this.all().filter(which);
    for (const { number } of taken) this.#waiting.delete(number);
    return taken;
  }
}

function isSameOffer(one: ReceivedOffer['offer'], other: ReceivedOffer['offer']): boolean {
  if (one.fileId !== undefined || other.fileId !== undefined) return one.fileId === other.fileId;
  return one.path === other.path && one.size === other.size;
}

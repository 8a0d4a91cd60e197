import { Bitfield } from '../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { RefusalCode } from '../../Protocol/PeerMessages.ts';
import { asShoalError, ShoalError } from '../../Shared/ShoalError.ts';
import type { PeerContact } from '../Model.ts';
import type { Offer, PushStatus } from '../PushModel.ts';
import type { OfferEvents, SentOffer } from '../Transfer.ts';
import type { PushNetwork } from './Ports.ts';
import { disconnected, refusal, stalled } from './PushErrors.ts';

/**
 * Time without bytes or confirmations after which a push fails. Long, because the receiver may have other downloads
 * queued.
 */
export const STALL_MS = 120_000;

export interface PushRunOptions {
  readonly number: number;
  readonly peer: PeerContact;
  readonly offer: Offer;
  /** Our chunks at the start: the push is done when all are confirmed. */
  readonly held: Bitfield | 'all';
  readonly startedWallMs: number;
  readonly changed: (push: PushRun, confirmed: readonly number[]) => void;
}

/** One push: from the offer to the last confirmation. */
export class PushRun {
  readonly #options: PushRunOptions;
  readonly #chunkCount: number;
  /** Chunks to be confirmed. */
  readonly #open: Bitfield;
  readonly #all: number;
  readonly #stopping = new AbortController();
  #state: PushStatus['state'] = 'connecting';
  #error: ShoalError | undefined;
  #sent: SentOffer | undefined;
  #servedBytes = 0;
  #movedMs = 0;

  constructor(options: PushRunOptions) {
    const { chunkCount } = chunkLayout(options.offer.size);
    this.#options = options;
    this.#chunkCount = chunkCount;
    this.#open = options.held === 'all' ? Bitfield.full(chunkCount) : options.held.copy();
    this.#all = this.#open.count;
  }

  get offer(): Offer {
    return this.#options.offer;
  }

  get peer(): PeerContact {
    return this.#options.peer;
  }

  get over(): boolean {
    return ['done', 'already there', 'failed'].includes(this.#state);
  }

  /** Sends the offer. Never rejects. */
  async start(network: PushNetwork, nowMs: () => number): Promise<void> {
    const { peer, offer } = this.#options;
    const moved = (state: PushStatus['state']) => {
      this.#movedMs = nowMs();
      this.#become(state);
    };
    const events: OfferEvents = {
      accepted: () => moved('sending'),
      confirmed: () => {
        this.#movedMs = nowMs();
        this.#confirm();
      },
      refused: (code) => this.#refused(code),
      lost: (reason) => this.#fail(disconnected(offer.path, peer, reason)),
    };
    this.#become('connecting');
    try {
      const sent = await network.offers.offer(peer, offer, this.#chunkCount, events, this.#stopping.signal);
      if (this.over) return sent.withdraw();
      this.#sent = sent;
      this.#become('offered');
    } catch (failure) {
      this.#fail(asShoalError(failure, 'UNREACHABLE'));
    }
  }

  /** Call every few seconds. @param servedBytes - total payload served to this peer */
  tick(servedBytes: number, nowMs: number): void {
    if (this.#state !== 'sending') return;
    if (servedBytes !== this.#servedBytes) this.#movedMs = nowMs;
    this.#servedBytes = servedBytes;
    if (nowMs - this.#movedMs >= STALL_MS) this.#fail(stalled(this.offer.path, this.peer));
  }

  /** Stops the push. */
  cancel(): void {
    this.#fail(new ShoalError('CANCELLED', 'the push was stopped'));
  }

  status(): PushStatus {
    const { number, peer, offer, startedWallMs } = this.#options;
    return {
      number,
      fileId: offer.fileId,
      path: offer.path,
      size: offer.size,
      peer,
      state: this.#state,
      chunkCount: this.#chunkCount,
      chunks: this.#all,
      confirmed: this.#all - this.#open.count,
      error: this.#error,
      startedWallMs,
    };
  }

  #confirm(): void {
    const confirmed = this.#sent?.confirmed;
    if (this.over || this.#sent === undefined) return;
    const fresh = [...this.#open.indexes()].filter(
      (chunk) => confirmed === undefined || confirmed.has(chunk),
    );
    for (const chunk of fresh) this.#open.clear(chunk);
    // The receiver of a whole file sends `haveAll` when it is in its share; the receiver of a part confirms chunks
    // only.
    const partial = this.#all < this.#chunkCount;
    if (confirmed === undefined || (partial && this.#open.count === 0)) this.#finish('done', fresh);
    else if (fresh.length > 0) this.#options.changed(this, fresh);
  }

  #refused(code: RefusalCode): void {
    if (code === 'already-have') this.#finish('already there', []);
    else this.#fail(refusal(code, this.offer.path, this.peer));
  }

  #fail(error: ShoalError): void {
    if (this.over) return;
    this.#error = error;
    this.#finish('failed', []);
  }

  #finish(state: PushStatus['state'], confirmed: readonly number[]): void {
    if (this.over) return;
    this.#state = state;
    this.#stopping.abort();
    this.#sent?.withdraw();
    this.#options.changed(this, confirmed);
  }

  #become(state: PushStatus['state']): void {
    // The answer may arrive before `offer` resolves, and a second acceptance after the first chunks.
    if (this.over || (state === 'offered' && this.#state === 'sending')) return;
    this.#state = state;
    this.#options.changed(this, []);
  }
}

import { EventEmitter, once } from 'node:events';
import { chunkLayout } from '../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../Protocol/Ids.ts';
import type { RefusalCode } from '../Protocol/PeerMessages.ts';
import { onAbort } from '../Shared/Async/OnAbort.ts';
import type { Log } from '../Shared/Log.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { type Clock, every, type WallClock } from '../Shared/Time/Clock.ts';
import type { KnownContact, PeerContact } from './Model.ts';
import { AcceptedPushes } from './Pushes/AcceptedPushes.ts';
import { type AcceptPolicy, decideConsent } from './Pushes/Consent.ts';
import { notProven, notTaken, strangersRefused, tooManyOffers } from './Pushes/OfferErrors.ts';
import { type PendingOffer, PendingOffers, type ReceivedOffer } from './Pushes/PendingOffers.ts';
import type { OwnFiles, PushNetwork, TrustedSenders } from './Pushes/Ports.ts';
import { PushRun } from './Pushes/PushRun.ts';
import { Trust } from './Pushes/Trust.ts';
import type { Offer, OfferStatus, PushStatus } from './PushModel.ts';

export type { AcceptPolicy } from './Pushes/Consent.ts';

export interface PushManagerOptions {
  readonly network: PushNetwork;
  readonly files: OwnFiles;
  readonly policy: AcceptPolicy;
  readonly trusted: TrustedSenders;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly log: Log;
}

/** Events of pushes. Names and paths come from strangers. */
export interface PushEvents {
  /** An offer needs the user's decision. */
  asked: [offer: OfferStatus];
  /** An offer timed out without a decision. */
  expired: [offer: OfferStatus];
  /** An offer was accepted: download the file from that peer, then call `downloadEnded`. */
  accepted: [peer: KnownContact, offer: Offer];
  /** `confirmed`: chunks confirmed since the last event. */
  changed: [push: PushStatus, confirmed: readonly number[]];
  ended: [push: PushStatus];
}

/** Interval at which pending pushes and offers are checked. */
const TICK_MS = 1_000;

/** Manager of pushes: files sent to other peers, and offers from them. */
export class PushManager extends EventEmitter<PushEvents> {
  readonly #options: PushManagerOptions;
  readonly #trust: Trust;
  readonly #waiting = new PendingOffers();
  readonly #accepted = new AcceptedPushes();
  readonly #pushes = new Map<number, PushRun>();
  #ticking: (() => void) | undefined;
  #closed = false;

  constructor(options: PushManagerOptions) {
    super();
    this.#options = options;
    this.#trust = new Trust(options.trusted, options.log);
    // One listener per awaited push.
    this.setMaxListeners(0);
  }

  /** Loads the trusted peers. */
  async start(): Promise<void> {
    await this.#trust.load();
    if (!this.#closed) this.#ticking = every(this.#options.clock, TICK_MS, () => this.#tick());
  }

  /** Stops all pushes; the receivers keep their chunks. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ticking?.();
    for (const push of this.#pushes.values()) push.cancel();
    await this.#trust.saved();
  }

  // ---- offers from others

  /** Accepts or refuses an offer, or leaves the decision to the user. */
  receiveOffer(peer: KnownContact, requestId: number, offer: Offer): void {
    const { network, log } = this.#options;
    const answer = this.#answerTo(peer, requestId, offer);
    if (answer === 'take') this.#take(peer, requestId, offer);
    else if (answer !== 'ask') {
      log.debug(`refused (${answer}) the offer of ${offer.path} from ${peer.name}`);
      network.offers.refuse(peer.peerId, requestId, answer);
    }
  }

  /** Whether a client without a peer id may offer files: an unproven sender is never a trusted one. */
  get takesStrangers(): boolean {
    return decideConsent(this.#options.policy, false) !== 'refuse';
  }

  /**
   * Decides about a file that a client without a peer id wants to send. May wait for the user.
   * @throws ShoalError REFUSED, BUSY, TIMEOUT without an answer, CANCELLED when `signal` aborts
   */
  async consent(client: PeerContact, offer: ReceivedOffer['offer'], signal: AbortSignal): Promise<void> {
    const { policy, clock } = this.#options;
    if (this.#closed) throw new ShoalError('CLOSED', 'the peer is closing');
    const consent = decideConsent(policy, false);
    if (consent === 'refuse') throw strangersRefused(policy);
    return new Promise((resolve, reject) => {
      if (consent === 'accept') return resolve();
      const received: ReceivedOffer = {
        sender: client.address.host,
        peer: client,
        offer,
        take: () => {
          stopListening();
          resolve();
        },
        refuse: (code) => {
          stopListening();
          reject(notTaken(code));
        },
      };
      const added = this.#waiting.add(received, clock.nowMs());
      if (added === 'busy') return reject(tooManyOffers());
      const { number } = added.waiting;
      const stopListening = onAbort(signal, () => {
        // A later request for the same file has its place now.
        if (this.#waiting.get(number)?.take === received.take) this.#waiting.remove(number);
        reject(new ShoalError('CANCELLED', 'the client is gone'));
      });
      if (!added.again) this.emit('asked', offerStatus(added.waiting));
    });
  }

  /** Pending offers, oldest first. */
  offers(): readonly OfferStatus[] {
    return this.#waiting.all().map(offerStatus);
  }

  /** Accepts an offer. @param always - trusts the peer, also in later runs
   * @throws ShoalError NOT_FOUND, DISK_FAILED, USAGE (`always` for a client without a peer id) */
  async accept(number: number, always: boolean): Promise<OfferStatus> {
    const { peerId } = this.#waiting.get(number)?.peer ?? {};
    if (always && this.#waiting.get(number) !== undefined && peerId === undefined) throw notProven(number);
    const waiting = this.#takeWaiting(number);
    waiting.take();
    if (always && peerId !== undefined) {
      for (const other of this.#waiting.takeOf(waiting.sender)) other.take();
      await this.#trust.add(peerId);
    }
    return offerStatus(waiting);
  }

  /** @throws ShoalError NOT_FOUND */
  reject(number: number): OfferStatus {
    const waiting = this.#takeWaiting(number);
    waiting.refuse('denied');
    return offerStatus(waiting);
  }

  /** Reports the end of a download to the peers that pushed it. @param code - undefined: complete */
  downloadEnded(fileId: FileId, code: RefusalCode | undefined): void {
    for (const peerId of this.#accepted.take(fileId))
      this.#options.network.offers.finish(peerId, fileId, code);
  }

  /** Drops pending offers of a peer that is gone. */
  peerLeft(peerId: PeerId): void {
    this.#waiting.takeOf(peerId);
  }

  // ---- our pushes

  /**
   * Offers the chunks of a file that are here. Returns the running push of that file to that peer, if any.
   * @throws ShoalError NOT_FOUND, CLOSED
   */
  send(file: Omit<Offer, 'chunks'>, peer: PeerContact): PushStatus {
    const { files, network, wallMs, clock } = this.#options;
    if (this.#closed) throw new ShoalError('CLOSED', 'pushes are closed');
    for (const push of this.#pushes.values()) {
      if (!push.over && push.offer.fileId === file.fileId && isSame(push.peer, peer)) return push.status();
    }
    const held = files.holdings(file.fileId);
    if (held === undefined || (held !== 'all' && held.count === 0)) throw nothingHere(file.path);
    const chunks = held === 'all' ? chunkLayout(file.size).chunkCount : held.count;
    const number = this.#pushes.size + 1;
    const push = new PushRun({
      number,
      peer,
      offer: { ...file, chunks },
      held,
      startedWallMs: wallMs(),
      changed: (changed, confirmed) => {
        const status = changed.status();
        this.emit('changed', status, confirmed);
        if (changed.over) this.emit('ended', status);
      },
    });
    this.#pushes.set(number, push);
    void push.start(network, () => clock.nowMs());
    return push.status();
  }

  /** All pushes of this run, by number. */
  pushes(): readonly PushStatus[] {
    return [...this.#pushes.values()].map((push) => push.status());
  }

  /** Resolves when the push has ended. @throws ShoalError NOT_FOUND, CANCELLED when `signal` aborts */
  async pushed(number: number, signal: AbortSignal): Promise<PushStatus> {
    const push = this.#pushes.get(number);
    if (push === undefined) throw new ShoalError('NOT_FOUND', `there is no push ${number}`);
    while (!push.over)
      await once(this, 'ended', { signal }).catch(() => {
        throw new ShoalError('CANCELLED', `stopped waiting for push ${number}`);
      });
    return push.status();
  }

  #answerTo(peer: KnownContact, requestId: number, offer: Offer): RefusalCode | 'take' | 'ask' {
    const { files, policy, clock, network } = this.#options;
    if (this.#closed || !isPossible(offer)) return 'failed';
    if (files.holdings(offer.fileId) === 'all') return 'already-have';
    // A repeated offer, on a new link or after an interrupted push, was accepted before.
    if (this.#accepted.has(peer.peerId, offer.fileId)) return 'take';
    const consent = decideConsent(policy, this.#trust.has(peer.peerId));
    if (consent === 'refuse') return 'denied';
    if (!this.#accepted.hasRoom(peer.peerId)) return 'busy';
    if (consent === 'accept') return 'take';
    const received: ReceivedOffer = {
      sender: peer.peerId,
      peer,
      offer,
      take: () => this.#take(peer, requestId, offer),
      refuse: (code) => network.offers.refuse(peer.peerId, requestId, code),
    };
    const added = this.#waiting.add(received, clock.nowMs());
    if (added === 'busy') return 'busy';
    if (!added.again) this.emit('asked', offerStatus(added.waiting));
    return 'ask';
  }

  #take(peer: KnownContact, requestId: number, offer: Offer): void {
    this.#accepted.add(peer.peerId, offer.fileId);
    this.#options.network.offers.accept(peer.peerId, requestId, offer.fileId);
    this.emit('accepted', peer, offer);
  }

  #takeWaiting(number: number): PendingOffer {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) {
      throw new ShoalError('NOT_FOUND', `there is no pending offer ${number}`, {
        hint: (command) => `List the pending offers: ${command('accept')}`,
      });
    }
    this.#waiting.remove(number);
    return waiting;
  }

  #tick(): void {
    const { network, clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const waiting of this.#waiting.takeExpired(nowMs)) {
      waiting.refuse('unanswered');
      this.emit('expired', offerStatus(waiting));
    }
    const running = [...this.#pushes.values()].filter((push) => !push.over);
    if (running.length === 0) return;
    const uploads = network.links.uploads();
    for (const push of running) {
      const served = uploads.filter((upload) => isSame(upload.peer, push.peer));
      push.tick(
        served.reduce((sum, upload) => sum + upload.bytes, 0),
        nowMs,
      );
    }
  }
}

function offerStatus({ number, peer, offer, sinceMs }: PendingOffer): OfferStatus {
  return { number, peer, ...offer, sinceMs };
}

function isSame(one: PeerContact, other: PeerContact): boolean {
  if (one.peerId !== undefined && other.peerId !== undefined) return one.peerId === other.peerId;
  return one.address.host === other.address.host && one.address.port === other.address.port;
}

function isPossible({ size, chunks, path }: Offer): boolean {
  try {
    return path !== '' && chunks <= chunkLayout(size).chunkCount && (chunks > 0 || size === 0);
  } catch {
    return false;
  }
}

function nothingHere(path: string): ShoalError {
  return new ShoalError('NOT_FOUND', `no chunk of ${path} is here to send`, {
    hint: (command) => `A running download can be sent in part. Resume it: ${command('resume <number>')}`,
  });
}

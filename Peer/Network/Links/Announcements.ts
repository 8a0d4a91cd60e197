import type { FileId } from '../../../Protocol/Ids.ts';
import { PEER_EXCHANGE_MS } from '../../../Protocol/Limits.ts';
import { formatAddress } from '../../../Shared/Address.ts';
import { type Clock, every, type Random } from '../../../Shared/Clock.ts';
import { HaveBatch, type TellHave } from './Content/HaveBatch.ts';
import type { LinkedPeer } from './LinkedPeer.ts';
import type { PeerExchange } from './PeerExchange.ts';
import type { NamedTracker } from './PeerLinksTypes.ts';

export interface AnnouncementsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** All that are linked. */
  readonly peers: () => readonly LinkedPeer[];
  readonly exchange: PeerExchange;
}

/** What linked peers hear from us unasked: chunks that we get, files that go, the trackers we use, who else is linked. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #haves: HaveBatch;
  #trackers: readonly NamedTracker[] = [];
  #cancelExchange: (() => void) | undefined;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
    this.#haves = new HaveBatch(options.clock, (...news) => this.#tellHave(...news));
  }

  /** From now on everybody hears of the others every minute. */
  start(): void {
    this.#cancelExchange ??= every(this.#options.clock, PEER_EXCHANGE_MS, () => {
      for (const peer of this.#options.peers()) this.#tellOthers(peer);
    });
  }

  close(): void {
    this.#cancelExchange?.();
    this.#haves.close();
  }

  /** A link is new: it hears what the others were told before. */
  joined(peer: LinkedPeer): void {
    for (const tracker of this.#trackers) peer.send({ type: 'tracker', ...tracker });
    this.#tellOthers(peer);
  }

  /** We have one more chunk: told to those interested, gathered for 50 ms. */
  have(fileId: FileId, chunk: number): void {
    this.#haves.add(fileId, chunk);
  }

  /** We can give what we have of a file from now on. */
  holdings(fileId: FileId): void {
    for (const peer of this.#options.peers()) if (peer.follows(fileId)) peer.tellHoldings(fileId);
  }

  /** We no longer share it. */
  gone(fileId: FileId): void {
    this.#haves.drop(fileId);
    for (const peer of this.#options.peers()) peer.tellGone(fileId);
  }

  /** The trackers we use; those that are new are told to every linked peer. */
  trackers(trackers: readonly NamedTracker[]): void {
    const told = new Set(this.#trackers.map(({ address }) => formatAddress(address)));
    const fresh = trackers.filter(({ address }) => !told.has(formatAddress(address)));
    this.#trackers = trackers;
    for (const peer of this.#options.peers())
      for (const tracker of fresh) peer.send({ type: 'tracker', ...tracker });
  }

  #tellHave(...[fileId, chunks, frame]: Parameters<TellHave>): void {
    for (const peer of this.#options.peers()) if (peer.follows(fileId)) peer.tellHave(fileId, chunks, frame);
  }

  /** Who is linked, told to one that is. */
  #tellOthers(peer: LinkedPeer): void {
    const { peers, exchange, random } = this.#options;
    const linked = peers().map(({ contact }) => contact);
    const others = exchange.general(peer.contact, linked, random);
    if (others.length > 0) peer.send({ type: 'peers', fileId: undefined, peers: others });
  }
}

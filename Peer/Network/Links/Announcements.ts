import type { FileId } from '../../../Protocol/Ids.ts';
import { PEER_EXCHANGE_MS } from '../../../Protocol/Limits.ts';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { type Clock, every, type Random } from '../../../Shared/Time/Clock.ts';
import { type AnnounceHave, HaveBatch } from './Content/HaveBatch.ts';
import type { LinkedPeer } from './Link/LinkedPeer.ts';
import type { PeerExchange } from './PeerExchange.ts';
import type { NamedTracker } from './PeerLinksTypes.ts';

export interface AnnouncementsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** All linked peers. */
  readonly peers: () => readonly LinkedPeer[];
  readonly exchange: PeerExchange;
}

/** Announces to linked peers: new chunks, withdrawn files, our trackers, and other linked peers. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #haves: HaveBatch;
  #trackers: readonly NamedTracker[] = [];
  #cancelExchange: (() => void) | undefined;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
    this.#haves = new HaveBatch(options.clock, (...news) => this.#announceHave(...news));
  }

  /** Starts the peer exchange once a minute. */
  start(): void {
    this.#cancelExchange ??= every(this.#options.clock, PEER_EXCHANGE_MS, () => {
      for (const peer of this.#options.peers()) this.#nameOthers(peer);
    });
  }

  close(): void {
    this.#cancelExchange?.();
    this.#haves.close();
  }

  /** Sends a newly linked peer what the others were sent before. */
  joined(peer: LinkedPeer): void {
    for (const tracker of this.#trackers) peer.send({ type: 'tracker', ...tracker });
    this.#nameOthers(peer);
  }

  /** Announces a new chunk to interested peers, batched for 50 ms. */
  have(fileId: FileId, chunk: number): void {
    this.#haves.add(fileId, chunk);
  }

  /** Announces everything that is here of a file that became available. */
  holdings(fileId: FileId): void {
    for (const { announcements } of this.#options.peers())
      if (announcements.areWanted(fileId)) announcements.holdings(fileId);
  }

  /** Announces that a file is no longer shared. */
  gone(fileId: FileId): void {
    this.#haves.drop(fileId);
    for (const { announcements } of this.#options.peers()) announcements.gone(fileId);
  }

  /** Sets our trackers; new ones are announced to all linked peers. */
  trackers(trackers: readonly NamedTracker[]): void {
    const told = new Set(this.#trackers.map(({ address }) => formatAddress(address)));
    const fresh = trackers.filter(({ address }) => !told.has(formatAddress(address)));
    this.#trackers = trackers;
    for (const peer of this.#options.peers())
      for (const tracker of fresh) peer.send({ type: 'tracker', ...tracker });
  }

  #announceHave(...[fileId, chunks, frame]: Parameters<AnnounceHave>): void {
    for (const { announcements } of this.#options.peers())
      if (announcements.areWanted(fileId)) announcements.have(fileId, chunks, frame);
  }

  /** Names the other linked peers to one of them. */
  #nameOthers(peer: LinkedPeer): void {
    const { peers, exchange, random } = this.#options;
    // The address of a relayed peer leads nowhere.
    const linked = peers().flatMap(({ contact, link }) => (link.via === undefined ? [contact] : []));
    const others = exchange.general(peer.contact, linked, random);
    if (others.length > 0) peer.send({ type: 'peers', fileId: undefined, peers: others });
  }
}

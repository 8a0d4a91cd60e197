import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { ControlOf } from '../../../Protocol/PeerMessages.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import type { KnownContact } from '../../Model.ts';
import { Suggestions } from '../Lanes/Sending/Suggestions.ts';
import type { ChunkProvider } from '../Ports.ts';
import type { LinkedPeer } from './Link/LinkedPeer.ts';
import { PeerExchange } from './PeerExchange.ts';

export interface InterestsOptions {
  readonly provider: ChunkProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly linked: (peer: PeerId) => LinkedPeer | undefined;
  /** All linked peers. */
  readonly peers: () => readonly LinkedPeer[];
  /** Called when a linked peer announced that it has all of a file. */
  readonly hasAll: (peer: PeerId, fileId: FileId) => void;
  /** Called when a linked peer fetches a file: it will have chunks of it. */
  readonly found: (fileId: FileId, contact: KnownContact & { readonly near: boolean }) => void;
}

/** Interest of linked peers in files: leechers are named to each other, and a seeder sends them suggestions. */
export class Interests {
  readonly exchange = new PeerExchange();
  readonly suggestions: Suggestions;
  readonly #options: InterestsOptions;

  constructor(options: InterestsOptions) {
    this.#options = options;
    this.suggestions = new Suggestions({
      ...options,
      send: (peer, fileId, suggestion) =>
        options.linked(peer)?.send({ type: 'suggest', fileId, ...suggestion }),
    });
  }

  interested(peer: KnownContact, fileId: FileId): void {
    const { linked, peers: all } = this.#options;
    const holders = all().flatMap((other) => {
      return other.holds(fileId) && other.link.via === undefined ? [other.contact] : [];
    });
    // The address of a relayed peer leads nowhere: it is named to nobody.
    const tips = peer.relayedBy === undefined ? this.exchange.interested(fileId, peer, holders) : [];
    for (const { to, peers } of tips) linked(to)?.send({ type: 'peers', fileId, peers });
    this.#options.found(fileId, { ...peer, near: true });
    this.suggestions.interested(peer.peerId, fileId, linked(peer.peerId)?.suggests === true);
  }

  /** A peer announced chunks of a file. */
  holds(peerId: PeerId, message: ControlOf<'haveAll' | 'haveNone' | 'bitfield' | 'have'>): void {
    const { linked, hasAll } = this.#options;
    this.suggestions.holds(peerId, message);
    const have = linked(peerId)?.progressOf(message.fileId)?.have;
    const complete = have === 'all' || (have !== undefined && have.size > 0 && have.complete);
    if (message.type === 'haveAll' || complete) hasAll(peerId, message.fileId);
  }

  notInterested({ peerId }: KnownContact, fileId: FileId): void {
    this.exchange.notInterested(fileId, peerId);
    this.suggestions.notInterested(peerId, fileId);
  }
}

import { QUERY_CHARS_MIN } from '../Protocol/Limits.ts';
import type { RelayQuestion } from '../Protocol/RelayMessages.ts';
import { wordsOfQuery } from '../Protocol/SearchWords.ts';
import {
  encodeReply,
  type RefusalReason,
  type RequestOf,
  type TrackerReply,
} from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../Shared/Address.ts';
import { foundPage, locatedPage, peersPage, relayedPages } from './Answers.ts';
import type { CatalogIndex } from './Catalog/CatalogIndex.ts';
import type { FoundFiles } from './Catalog/SharedFiles.ts';
import type { Datagram } from './Datagram.ts';
import { labelOf, type PeerRegistry, type RegisteredPeer } from './PeerRegistry.ts';
import type { RateLimits } from './RateLimits.ts';
import { Recent } from './Recent.ts';
import { queryTo, Relay, type Relayed } from './Relay.ts';

export interface InquiriesOptions {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly limits: RateLimits;
  /** The catalog version of a peer that is complete here; 0: none. */
  readonly heldVersion: (peer: RegisteredPeer) => number;
  /** Ask everybody: no catalog is held. */
  readonly relayOnly: boolean;
  /** Where the numbers of relayed questions begin. */
  readonly firstRelay: number;
  readonly note: (text: string) => void;
}

/** Who asks, and by which transaction. `peer` is undefined when that address is not registered. */
export interface AskedBy {
  readonly from: Address;
  readonly peer: RegisteredPeer | undefined;
  readonly transactionId: number;
}

/**
 * Answers "who has it": at once from the index, and from peers whose catalog is not here by asking them. What is to be
 * sent besides the direct answer is gathered in `takeDatagrams`.
 */
export class Inquiries {
  readonly #options: InquiriesOptions;
  readonly #relay: Relay;
  readonly #searches = new Recent<FoundFiles>();
  readonly #folders = new Recent<readonly number[]>();
  #datagrams: Datagram[] = [];

  constructor(options: InquiriesOptions) {
    this.#options = options;
    this.#relay = new Relay(options.firstRelay);
  }

  /** When `expire` has something to send; undefined: never. */
  get nextEndMs(): number | undefined {
    return this.#relay.nextEndMs;
  }

  takeDatagrams(): Datagram[] {
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  search({ words, cursor }: RequestOf<'search'>, by: AskedBy, nowMs: number): TrackerReply | RefusalReason {
    const { catalogs, registry, note } = this.#options;
    const characters = [...wordsOfQuery(words).join('')].length;
    if (characters < QUERY_CHARS_MIN) return 'bad-request';
    const found = this.#searches.get(words, cursor === 0, nowMs, () => catalogs.search(words));
    const page = foundPage(found, cursor, (file) => catalogs.holders(file.fileId), registry);
    if (cursor > 0) return page;
    note(`search from ${formatAddress(by.from)}: "${words}": ${found.total} found`);
    return { ...page, ...this.#relayed({ words, fileId: undefined }, by, nowMs) };
  }

  locate({ fileId, cursor }: RequestOf<'locate'>, by: AskedBy, nowMs: number): TrackerReply {
    const { catalogs, registry, limits } = this.#options;
    const page = locatedPage(catalogs.holders(fileId), cursor, registry);
    // A running download asks again and again: the index always answers, peers are asked as often as by searches.
    const mayRelay = cursor === 0 && by.peer !== undefined && limits.allowsRelay(by.peer, nowMs);
    return mayRelay ? { ...page, ...this.#relayed({ words: '', fileId }, by, nowMs) } : page;
  }

  /** Who shares something below it; whoever's catalog is not here may, and is asked by the asker himself. */
  folder({ path, cursor }: RequestOf<'folder'>, by: AskedBy, nowMs: number): TrackerReply {
    const { catalogs, registry } = this.#options;
    const places = this.#folders.get(path, cursor === 0, nowMs, () => {
      const owners = new Set(catalogs.ownersOfFolder(path));
      for (const peer of this.#unknownCatalogs(by.peer)) owners.add(peer.place);
      return [...owners].sort((a, b) => a - b);
    });
    const peers = places.filter((place) => place >= cursor).flatMap((place) => registry.at(place) ?? []);
    return peersPage(peers, places.length);
  }

  /** What a peer says to a query. False: nobody waits for it. */
  answered(reply: RequestOf<'hit'> | RequestOf<'miss'>, peer: RegisteredPeer, nowMs: number): boolean {
    const files = reply.type === 'hit' ? reply.files : [];
    const answer = this.#relay.answered(reply.relay, peer, files, nowMs);
    if (answer === undefined) return false;
    const { relayed, isLast } = answer;
    const names = answer.files.map(({ path, size, fileId }) => `"${path}", ${size}, ${fileId.slice(0, 8)}`);
    const what = names.length > 0 ? `HIT ${names.join('; ')}` : 'MISS';
    this.#options.note(`relay ${relayed.number}: ${what}: ${labelOf(peer)}`);
    for (const page of relayedPages(relayed, peer, answer.files, isLast)) this.#send(relayed, page);
    return true;
  }

  /** Ends the questions whose time is up. */
  expire(nowMs: number): void {
    for (const relayed of this.#relay.expire(nowMs)) {
      this.#options.note(
        `relay ${relayed.number}: ${relayed.waiting.size} of ${relayed.asked} did not answer`,
      );
      for (const page of relayedPages(relayed, undefined, [], true)) this.#send(relayed, page);
    }
  }

  /** Asks who has to be asked. Strangers cause no traffic to others. */
  #relayed(question: RelayQuestion, by: AskedBy, nowMs: number) {
    const nobody = { asked: 0, part: 'whole' } as const;
    const { from, peer, transactionId } = by;
    if (peer === undefined || this.#relay.isRepeated(from, transactionId, nowMs)) return nobody;
    const peers = this.#unknownCatalogs(peer);
    const relayed = this.#relay.begin({ asker: from, transactionId }, question, peers, nowMs);
    if (relayed === undefined) return nobody;
    for (const asked of relayed.waiting) {
      const what = question.fileId ?? `"${question.words}"`;
      this.#options.note(`relay ${relayed.number}: QUERY ${what}: ${labelOf(asked)}`);
      this.#datagrams.push({ bytes: encodeReply(0, queryTo(asked, relayed)), to: asked.udp });
    }
    return { asked: relayed.asked, part: 'index' } as const;
  }

  /** Peers that have to be asked themselves; an empty share is no unknown one. */
  #unknownCatalogs(asker: RegisteredPeer | undefined): RegisteredPeer[] {
    const { registry, relayOnly, heldVersion } = this.#options;
    const isUnknown = (peer: RegisteredPeer) =>
      relayOnly || peer.unlisted || (peer.catalogVersion > 0 && heldVersion(peer) === 0);
    return [...registry.startingAt(0)].filter((peer) => peer !== asker && isUnknown(peer));
  }

  #send({ asker, transactionId }: Relayed, page: TrackerReply): void {
    this.#datagrams.push({ bytes: encodeReply(transactionId, page), to: asker });
  }
}

import type { RelayQuestion } from '../Protocol/RelayMessages.ts';
import { isSearchable } from '../Protocol/SearchWords.ts';
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
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RateLimits } from './RateLimits.ts';
import { Recent } from './Recent.ts';
import { labelOf, type RegisteredPeer } from './RegisteredPeer.ts';
import { queryTo, Relay, type Relayed } from './Relay.ts';

/** Entries looked at for the holders that are named with a hit: what everybody has must not cost more than the search. */
const HIT_HOLDER_STEPS = 256;
const NOTHING: readonly never[] = [];

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
  /** Peers that have to be asked themselves: their catalogs are not here. */
  readonly #unknown = new Set<RegisteredPeer>();
  #datagrams: Datagram[] = [];

  constructor(options: InquiriesOptions) {
    this.#options = options;
    this.#relay = new Relay(options.firstRelay);
  }

  /** When `expire` has something to send; undefined: never. */
  get nextEndMs(): number | undefined {
    return this.#relay.nextEndMs;
  }

  /** Takes note of a peer that joined, said something new, or whose catalog was completed or lost. */
  heard(peer: RegisteredPeer): void {
    const { unlisted, catalogVersion } = peer.beat;
    // An empty share is no unknown one.
    const isUnknown = unlisted || (catalogVersion > 0 && this.#options.heldVersion(peer) === 0);
    if (this.#options.relayOnly || isUnknown) this.#unknown.add(peer);
    else this.#unknown.delete(peer);
  }

  gone(peer: RegisteredPeer): void {
    this.#unknown.delete(peer);
  }

  takeDatagrams(): readonly Datagram[] {
    if (this.#datagrams.length === 0) return NOTHING;
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  search({ words, cursor }: RequestOf<'search'>, by: AskedBy, nowMs: number): TrackerReply | RefusalReason {
    const { catalogs, registry, note } = this.#options;
    if (!isSearchable(words)) return 'bad-request';
    const found = this.#searches.get(words, cursor === 0, nowMs, () => catalogs.search(words));
    const page = foundPage(
      found,
      cursor,
      (file) => catalogs.holders(file.fileId, HIT_HOLDER_STEPS),
      registry,
    );
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
      for (const peer of this.#unknown) if (peer !== by.peer) owners.add(peer.place);
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
    const others = this.#othersThan(peer);
    const relayed = this.#relay.begin({ asker: from, transactionId }, question, others, nowMs);
    if (relayed === undefined) return nobody;
    for (const asked of relayed.waiting) {
      const what = question.fileId ?? `"${question.words}"`;
      this.#options.note(`relay ${relayed.number}: QUERY ${what}: ${labelOf(asked)}`);
      this.#datagrams.push({ bytes: encodeReply(0, queryTo(asked, relayed)), to: asked.udp });
    }
    return { asked: relayed.asked, part: 'index' } as const;
  }

  *#othersThan(asker: RegisteredPeer): Generator<RegisteredPeer> {
    for (const peer of this.#unknown) if (peer !== asker) yield peer;
  }

  #send({ asker, transactionId }: Relayed, page: TrackerReply): void {
    this.#datagrams.push({ bytes: encodeReply(transactionId, page), to: asker });
  }
}

import type { RelayQuestion } from '../Protocol/RelayMessages.ts';
import { isSearchable } from '../Protocol/SearchWords.ts';
import {
  encodeReply,
  type RefusalReason,
  type RequestOf,
  type TrackerReply,
} from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../Shared/Address.ts';
import type { CatalogIndex } from './Catalog/CatalogIndex.ts';
import type { FoundFiles } from './Catalog/SharedFiles.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RateLimits } from './RateLimits.ts';
import { RecentResults } from './RecentResults.ts';
import { labelOf, type RegisteredPeer } from './RegisteredPeer.ts';
import { queryTo, Relay, type Relayed } from './Relay.ts';
import { foundPage, locatedPage, peersPage, relayedPages } from './ReplyPages.ts';

/** Entries examined for the holders listed with a hit: popular content must not cost more than the search. */
const HIT_HOLDER_STEPS = 256;
const NOTHING: readonly never[] = [];

export interface LookupsOptions {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly limits: RateLimits;
  /** The complete catalog version held of a peer; 0: none. */
  readonly heldVersion: (peer: RegisteredPeer) => number;
  /** Relays every question to all peers; no catalog is held. */
  readonly relayOnly: boolean;
  /** The first number of relayed questions. */
  readonly firstRelay: number;
  readonly note: (text: string) => void;
}

/** A datagram to send. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: Address;
}

/** The source of a request. `peer` is undefined for an unregistered address. */
export interface Sender {
  readonly from: Address;
  readonly peer: RegisteredPeer | undefined;
  readonly transactionId: number;
}

/**
 * Answers searches: at once from the index, later from queried peers whose catalog the index lacks. Datagrams besides the
 * direct reply are collected by `takeDatagrams`.
 */
export class Lookups {
  readonly #options: LookupsOptions;
  readonly #relay: Relay;
  readonly #searches = new RecentResults<FoundFiles>();
  readonly #folders = new RecentResults<readonly number[]>();
  /** Peers to query: the index lacks their catalogs. */
  readonly #unindexed = new Set<RegisteredPeer>();
  #datagrams: Datagram[] = [];

  constructor(options: LookupsOptions) {
    this.#options = options;
    this.#relay = new Relay(options.firstRelay);
  }

  /** Time of the next `expire`; undefined: none needed. */
  get nextEndMs(): number | undefined {
    return this.#relay.nextEndMs;
  }

  /** To be called when a peer joined, sent a changed heartbeat, or its catalog was completed or lost. */
  updated(peer: RegisteredPeer): void {
    const { unlisted, catalogVersion } = peer.beat;
    // Catalog version 0 is an empty share: nothing to index.
    const isUnindexed = unlisted || (catalogVersion > 0 && this.#options.heldVersion(peer) === 0);
    if (this.#options.relayOnly || isUnindexed) this.#unindexed.add(peer);
    else this.#unindexed.delete(peer);
  }

  removed(peer: RegisteredPeer): void {
    this.#unindexed.delete(peer);
  }

  takeDatagrams(): readonly Datagram[] {
    if (this.#datagrams.length === 0) return NOTHING;
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  search({ words, cursor }: RequestOf<'search'>, by: Sender, nowMs: number): TrackerReply | RefusalReason {
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

  locate({ fileId, cursor }: RequestOf<'locate'>, by: Sender, nowMs: number): TrackerReply {
    const { catalogs, registry, limits } = this.#options;
    const page = locatedPage(catalogs.holders(fileId), cursor, registry);
    // Running downloads repeat `locate`: the index always answers, queries to peers count as searches.
    const mayRelay = cursor === 0 && by.peer !== undefined && limits.allowsRelay(by.peer, nowMs);
    return mayRelay ? { ...page, ...this.#relayed({ words: '', fileId }, by, nowMs) } : page;
  }

  /** Peers that share a file below a folder, and all unindexed ones: the sender asks these itself. */
  folder({ path, cursor }: RequestOf<'folder'>, by: Sender, nowMs: number): TrackerReply {
    const { catalogs, registry } = this.#options;
    const slots = this.#folders.get(path, cursor === 0, nowMs, () => {
      const owners = new Set(catalogs.ownersOfFolder(path));
      for (const peer of this.#unindexed) if (peer !== by.peer) owners.add(peer.slot);
      return [...owners].sort((a, b) => a - b);
    });
    const peers = slots.filter((slot) => slot >= cursor).flatMap((slot) => registry.at(slot) ?? []);
    return peersPage(peers, slots.length);
  }

  /** Handles a queried peer's answer. False: the question has ended. */
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

  /** Queries the unindexed peers. A question of an unregistered address is never relayed. */
  #relayed(question: RelayQuestion, by: Sender, nowMs: number) {
    const nobody = { asked: 0, part: 'whole' } as const;
    const { from, peer, transactionId } = by;
    if (peer === undefined || this.#relay.isRepeated(from, transactionId, nowMs)) return nobody;
    const others = this.#othersThan(peer);
    const relayed = this.#relay.begin({ sender: from, transactionId }, question, others, nowMs);
    if (relayed === undefined) return nobody;
    for (const asked of relayed.waiting) {
      const what = question.fileId ?? `"${question.words}"`;
      this.#options.note(`relay ${relayed.number}: QUERY ${what}: ${labelOf(asked)}`);
      this.#datagrams.push({ bytes: encodeReply(0, queryTo(asked, relayed)), to: asked.udp });
    }
    return { asked: relayed.asked, part: 'index' } as const;
  }

  *#othersThan(sender: RegisteredPeer): Generator<RegisteredPeer> {
    for (const peer of this.#unindexed) if (peer !== sender) yield peer;
  }

  #send({ sender, transactionId }: Relayed, page: TrackerReply): void {
    this.#datagrams.push({ bytes: encodeReply(transactionId, page), to: sender });
  }
}

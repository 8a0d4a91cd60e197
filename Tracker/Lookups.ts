import { RELAYS_NAMED_MAX } from '../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../Protocol/RelayMessages.ts';
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
import { FolderSearches } from './FolderSearches.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RateLimits } from './RateLimits.ts';
import { RecentResults } from './RecentResults.ts';
import { labelOf, type RegisteredPeer } from './RegisteredPeer.ts';
import { queryTo, Relay, type Relayed } from './Relay.ts';
import { foundPage, locatedPage, peersPage, relayedPages } from './ReplyPages.ts';

/** Queries sent at once: below a millisecond. The rest follows between datagrams. */
const QUERIES_PER_STEP = 64;
/** Entries examined for the holders listed with a hit: popular content must not cost more than the search. */
const HIT_HOLDER_STEPS = 256;
/** Peers examined for one answer to `relays`. */
const RELAYS_EXAMINED_MAX = 256;
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
  /** Receives a line for each event; undefined: no text is made. */
  readonly note: ((text: string) => void) | undefined;
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
  readonly connectionId: string;
}

/**
 * Answers searches: at once from the index, later from queried peers whose catalog the index lacks. Datagrams besides the
 * direct reply are collected by `takeDatagrams`.
 */
export class Lookups {
  readonly #options: LookupsOptions;
  readonly #relay: Relay;
  readonly #searches = new RecentResults<FoundFiles>();
  readonly #folders: FolderSearches;
  /** Queries still to be sent. */
  readonly #queries: { readonly relayed: Relayed; readonly peers: Iterator<RegisteredPeer> }[] = [];
  /** Peers to query: the index lacks their catalogs. */
  readonly #unindexed = new Set<RegisteredPeer>();
  /** Peers that relay connections; those named last are at the end. */
  readonly #relays = new Set<RegisteredPeer>();
  #datagrams: Datagram[] = [];

  constructor(options: LookupsOptions) {
    this.#options = options;
    this.#relay = new Relay(options.firstRelay);
    this.#folders = new FolderSearches((path) => options.catalogs.scanFolder(path));
  }

  /** Time of the next `expire`; undefined: none needed. */
  get nextEndMs(): number | undefined {
    const isBusy = !this.#folders.isIdle || this.#queries.length > 0;
    return isBusy ? Number.NEGATIVE_INFINITY : this.#relay.nextEndMs;
  }

  /** To be called when a peer joined, sent a changed heartbeat, or its catalog was completed or lost. */
  updated(peer: RegisteredPeer): void {
    const { unlisted, catalogVersion, relays } = peer.beat;
    if (relays !== true) this.#relays.delete(peer);
    else if (!this.#relays.has(peer)) this.#relays.add(peer);
    // Catalog version 0 is an empty share: nothing to index.
    const isUnindexed = unlisted || (catalogVersion > 0 && this.#options.heldVersion(peer) === 0);
    if (this.#options.relayOnly || isUnindexed) this.#unindexed.add(peer);
    else this.#unindexed.delete(peer);
  }

  removed(peer: RegisteredPeer): void {
    this.#unindexed.delete(peer);
    this.#relays.delete(peer);
  }

  takeDatagrams(): readonly Datagram[] {
    if (this.#datagrams.length === 0) return NOTHING;
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  /** Asks a peer to dial the sender at the address that the tracker observes. */
  call({ target }: RequestOf<'call'>, { peer: caller }: Sender): TrackerReply | RefusalReason {
    const called = this.#options.registry.get(target);
    if (caller === undefined || called === undefined) return 'unknown-peer';
    const { queryToken } = called.beat;
    const address = { host: caller.udp.host, port: caller.port };
    const message = { peerId: caller.peerId, address, onTrackerHost: caller.isLocal };
    const bytes = encodeReply(0, { type: 'called', queryToken, ...message });
    this.#datagrams.push({ bytes, to: called.udp });
    return { type: 'calling' };
  }

  /** Names some peers that relay connections, one of each host, others with every request. */
  relays({ peer: asking }: Sender): TrackerReply | RefusalReason {
    if (asking === undefined) return 'unknown-peer';
    const named = new Map<string, RegisteredPeer>();
    let examined = 0;
    for (const peer of this.#relays) {
      if (named.size >= RELAYS_NAMED_MAX || ++examined > RELAYS_EXAMINED_MAX) break;
      const { host, port } = peer.udp;
      const key = peer.isLocal ? `${host} ${port}` : host;
      if (peer !== asking && !named.has(key)) named.set(key, peer);
    }
    for (const peer of named.values()) {
      this.#relays.delete(peer);
      this.#relays.add(peer);
    }
    return { ...peersPage(named.values(), named.size), next: 0 };
  }

  search({ words, cursor }: RequestOf<'search'>, by: Sender, nowMs: number): TrackerReply | RefusalReason {
    const { catalogs, registry, limits } = this.#options;
    if (!isSearchable(words)) return 'bad-request';
    let found = cursor === 0 ? undefined : this.#searches.known(words, nowMs);
    if (found === undefined) {
      // A later page of a result that is no longer cached is a new search.
      if (!limits.allowsSearch(by.from.host, by.peer, nowMs)) return 'too-many';
      found = catalogs.search(words);
      this.#searches.keep(words, found, nowMs);
    }
    const page = foundPage(
      found,
      cursor,
      (file) => catalogs.holders(file.fileId, HIT_HOLDER_STEPS),
      registry,
    );
    if (cursor > 0) return page;
    this.#options.note?.(`search from ${formatAddress(by.from)}: "${words}": ${found.total} found`);
    return { ...page, ...this.#relayed({ words, fileId: undefined }, by, nowMs) };
  }

  locate({ fileId, cursor }: RequestOf<'locate'>, by: Sender, nowMs: number): TrackerReply {
    const { catalogs, registry, limits } = this.#options;
    const page = locatedPage(catalogs.holders(fileId), cursor, registry);
    // Running downloads repeat `locate`: the index always answers, queries to peers count as searches.
    const mayRelay =
      cursor === 0 &&
      by.peer !== undefined &&
      this.#unindexed.size > 0 &&
      limits.allowsSearch(by.from.host, by.peer, nowMs);
    return mayRelay ? { ...page, ...this.#relayed({ words: '', fileId }, by, nowMs) } : page;
  }

  /**
   * Peers that share a file below a folder, and all unindexed ones: the sender asks these itself. Undefined: the answer follows
   * with a later step.
   */
  folder(
    { path, cursor }: RequestOf<'folder'>,
    by: Sender,
    nowMs: number,
  ): TrackerReply | RefusalReason | undefined {
    const { limits } = this.#options;
    const fresh = cursor === 0;
    const isCheap = this.#folders.isCheap(path, fresh, nowMs);
    if (!isCheap && !limits.allowsSearch(by.from.host, by.peer, nowMs)) return 'too-many';
    let reply: TrackerReply | undefined;
    let isLate = false;
    const wasTaken = this.#folders.ask(path, formatAddress(by.from), fresh, nowMs, (owners) => {
      reply = this.#folderPage(owners, cursor, by);
      if (isLate) this.#datagrams.push({ bytes: encodeReply(by.transactionId, reply), to: by.from });
    });
    isLate = true;
    return wasTaken ? reply : 'too-many';
  }

  /** Handles a queried peer's answer. False: the question has ended. */
  answered(reply: RequestOf<'hit'> | RequestOf<'miss'>, peer: RegisteredPeer, nowMs: number): boolean {
    const files = reply.type === 'hit' ? reply.files : [];
    const answer = this.#relay.answered(reply.relay, peer, files, nowMs);
    if (answer === undefined) return false;
    const { relayed, isLast } = answer;
    this.#options.note?.(`relay ${relayed.number}: ${answerText(answer.files)}: ${labelOf(peer)}`);
    for (const page of relayedPages(relayed, peer, answer.files, isLast)) this.#send(relayed, page);
    return true;
  }

  /** Makes a step of the searches under way. */
  step(nowMs: number): void {
    this.#folders.step(nowMs);
    this.#sendQueries(nowMs);
  }

  /** Ends the questions whose time is up. */
  expire(nowMs: number): void {
    for (const relayed of this.#relay.expire(nowMs)) {
      this.#options.note?.(
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
    const share = (wanted: number) => this.#options.limits.takeQueries(from.host, wanted, nowMs);
    const relayed = this.#relay.begin({ sender: from, transactionId }, question, others, nowMs, share);
    if (relayed === undefined) return nobody;
    this.#queries.push({ relayed, peers: [...relayed.waiting].values() });
    this.#sendQueries(nowMs);
    return { asked: relayed.asked, part: 'index' } as const;
  }

  /** A page of peers from the slot `cursor` on. */
  #folderPage(owners: ReadonlySet<number>, cursor: number, by: Sender): TrackerReply {
    const { registry } = this.#options;
    const unindexed = this.#unindexed;
    let total = owners.size;
    for (const peer of unindexed) if (peer !== by.peer && !owners.has(peer.slot)) total++;
    return peersPage(named(), total);

    function* named(): Generator<RegisteredPeer> {
      for (const peer of registry.startingAt(cursor)) {
        if (owners.has(peer.slot) || (peer !== by.peer && unindexed.has(peer))) yield peer;
      }
    }
  }

  #sendQueries(nowMs: number): void {
    for (let left = QUERIES_PER_STEP; left > 0 && this.#queries.length > 0; left--) {
      const { relayed, peers } = this.#queries[0] ?? {};
      const next = peers?.next();
      if (relayed === undefined || next === undefined || next.done === true || relayed.untilMs <= nowMs) {
        this.#queries.shift();
        continue;
      }
      const { words, fileId } = relayed.question;
      this.#options.note?.(
        `relay ${relayed.number}: QUERY ${fileId ?? `"${words}"`}: ${labelOf(next.value)}`,
      );
      // Asked last when not all can be asked.
      this.#rotate(next.value);
      this.#datagrams.push({ bytes: encodeReply(0, queryTo(next.value, relayed)), to: next.value.udp });
    }
  }

  #rotate(peer: RegisteredPeer): void {
    if (this.#unindexed.delete(peer)) this.#unindexed.add(peer);
  }

  *#othersThan(sender: RegisteredPeer): Generator<RegisteredPeer> {
    for (const peer of this.#unindexed) if (peer !== sender) yield peer;
  }

  #send({ sender, transactionId }: Relayed, page: TrackerReply): void {
    this.#datagrams.push({ bytes: encodeReply(transactionId, page), to: sender });
  }
}

function answerText(files: readonly RelayedFile[]): string {
  const names = files.map(({ path, size, fileId }) => `"${path}", ${size}, ${fileId.slice(0, 8)}`);
  return names.length > 0 ? `HIT ${names.join('; ')}` : 'MISS';
}

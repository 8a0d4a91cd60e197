import type { PeerId } from '../../Protocol/Ids.ts';
import type { RelayQuestion } from '../../Protocol/RelayMessages.ts';
import { encodeReply, type RequestOf } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { CatalogIndex } from '../Catalog/CatalogIndex.ts';
import type { ContentHolders, FoundFile, FoundFiles } from '../Catalog/SharedFiles.ts';
import type { PeerRegistry } from '../Peers/PeerRegistry.ts';
import { labelOf, type RegisteredPeer } from '../Peers/RegisteredPeer.ts';
import { ConnectionRelays } from './ConnectionRelays.ts';
import { FolderSearches } from './FolderSearches.ts';
import { RecentResults } from './RecentResults.ts';
import { queryTo, Relay, type Relayed, type RelayOptions, type TakeAnswer } from './Relay.ts';

/** Queries sent at once: below a millisecond. The rest follows between datagrams. */
const QUERIES_PER_STEP = 64;
/** Entries examined for the holders listed with a hit: popular content must not cost more than the search. */
const HIT_HOLDER_STEPS = 256;
const NOTHING: readonly never[] = [];

export interface OwnPartOptions {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
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

/**
 * The knowledge of this tracker about its own peers: its index, and queries to peers whose catalog the index lacks.
 * Datagrams are collected by `takeDatagrams`.
 */
export class OwnPart {
  readonly relays = new ConnectionRelays();
  readonly #options: OwnPartOptions;
  readonly #relay: Relay;
  readonly #searches = new RecentResults<FoundFiles>();
  readonly #folders: FolderSearches;
  /** Questions with queries still to be sent. */
  readonly #queries: Relayed[] = [];
  /** Peers to query: the index lacks their catalogs. */
  readonly #unindexed = new Set<RegisteredPeer>();
  #datagrams: Datagram[] = [];

  constructor(options: OwnPartOptions) {
    this.#options = options;
    this.#relay = new Relay(options.firstRelay);
    this.#folders = new FolderSearches((path) => options.catalogs.scanFolder(path));
  }

  get registry(): PeerRegistry {
    return this.#options.registry;
  }

  /** Time of the next `expire`; undefined: none needed. */
  get nextEndMs(): number | undefined {
    const isBusy = !this.#folders.isIdle || this.#queries.length > 0;
    return isBusy ? Number.NEGATIVE_INFINITY : this.#relay.nextEndMs;
  }

  /** Whether there are peers to query. */
  get hasUnindexed(): boolean {
    return this.#unindexed.size > 0;
  }

  /** To be called when a peer joined, sent a changed heartbeat, or its catalog was completed or lost. */
  updated(peer: RegisteredPeer): void {
    const { unlisted, catalogVersion, relays } = peer.beat;
    this.relays.updated(peer, relays === true);
    // Catalog version 0 is an empty share: nothing to index.
    const isUnindexed = unlisted || (catalogVersion > 0 && this.#options.heldVersion(peer) === 0);
    if (this.#options.relayOnly || isUnindexed) this.#unindexed.add(peer);
    else this.#unindexed.delete(peer);
  }

  removed(peer: RegisteredPeer): void {
    this.#unindexed.delete(peer);
    this.relays.updated(peer, false);
  }

  send(datagram: Datagram): void {
    this.#datagrams.push(datagram);
  }

  takeDatagrams(): readonly Datagram[] {
    if (this.#datagrams.length === 0) return NOTHING;
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  /** A result of `search` that later pages may be taken from. */
  recent(words: string, nowMs: number): FoundFiles | undefined {
    return this.#searches.known(words, nowMs);
  }

  search(words: string, nowMs: number): FoundFiles {
    const found = this.#options.catalogs.search(words);
    this.#searches.keep(words, found, nowMs);
    return found;
  }

  holders(file: Pick<FoundFile, 'fileId'>): ContentHolders | undefined {
    return this.#options.catalogs.holders(file.fileId);
  }

  /** The same as far as it is worth while for a hit. */
  readonly holdersOfHit = ({ fileId, row }: Pick<FoundFile, 'fileId' | 'row'>): ContentHolders | undefined =>
    this.#options.catalogs.holders(fileId, HIT_HOLDER_STEPS, row);

  /** Whether a question for a folder costs no new search. */
  isCheapFolder(path: string, fresh: boolean, nowMs: number): boolean {
    return this.#folders.isCheap(path, fresh, nowMs);
  }

  /**
   * Peers with a file below a folder, from the slot `cursor` on, and all unindexed ones but `asker`: those are asked
   * by the asking peer itself. `take` is called now or with a later step. False: too many searches.
   */
  folder(
    { path, cursor }: { readonly path: string; readonly cursor: number },
    asker: { readonly key: string; readonly peer: RegisteredPeer | undefined },
    nowMs: number,
    take: (peers: Iterable<RegisteredPeer>, total: number) => void,
  ): boolean {
    return this.#folders.ask(path, asker.key, cursor === 0, nowMs, (owners) => {
      const unindexed = this.#unindexed;
      let total = owners.size;
      for (const peer of unindexed) if (peer !== asker.peer && !owners.has(peer.slot)) total++;
      const isNamed = (peer: RegisteredPeer) =>
        owners.has(peer.slot) || (peer !== asker.peer && unindexed.has(peer));
      take(chosen(this.#options.registry.startingAt(cursor), isNamed), total);
    });
  }

  /** Asks a registered peer to dial another one. False: it is not registered here. */
  call(target: PeerId, message: Pick<CallMessage, 'peerId' | 'address' | 'onTrackerHost'>): boolean {
    const called = this.#options.registry.get(target);
    if (called === undefined) return false;
    const { queryToken } = called.beat;
    const bytes = encodeReply(0, { type: 'called', queryToken, ...message });
    this.#datagrams.push({ bytes, to: called.udp });
    return true;
  }

  isRepeated(key: string, nowMs: number): boolean {
    return this.#relay.isRepeated(key, nowMs);
  }

  remember(key: string, nowMs: number): void {
    this.#relay.remember(key, nowMs);
  }

  /** Queries the unindexed peers but the asker. @returns the number of answers awaited; 0: `take` is not called */
  relay(
    question: RelayQuestion,
    { asker, ...options }: RelayOptions & { readonly asker: RegisteredPeer | undefined },
    nowMs: number,
    take: TakeAnswer,
  ): number {
    const others = chosen(this.#unindexed, (peer) => peer !== asker);
    const relayed = this.#relay.begin(take, question, others, options, nowMs);
    if (relayed === undefined) return 0;
    this.#queries.push(relayed);
    this.#sendQueries(nowMs);
    return relayed.asked;
  }

  /** Handles a queried peer's answer. False: the question has ended. */
  answered(reply: RequestOf<'hit'> | RequestOf<'miss'>, peer: RegisteredPeer, nowMs: number): boolean {
    const files = reply.type === 'hit' ? reply.files : [];
    const answer = this.#relay.answered(reply.relay, peer, files, nowMs);
    if (answer === undefined) return false;
    const names = answer.files.map(({ path, size, fileId }) => `"${path}", ${size}, ${fileId.slice(0, 8)}`);
    const text = names.length > 0 ? `HIT ${names.join('; ')}` : 'MISS';
    this.#options.note?.(`relay ${reply.relay}: ${text}: ${labelOf(peer)}`);
    answer.relayed.take(peer, answer.files, answer.isLast);
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
      relayed.take(undefined, [], true);
    }
  }

  #sendQueries(nowMs: number): void {
    for (let left = QUERIES_PER_STEP; left > 0 && this.#queries.length > 0; left--) {
      const [relayed] = this.#queries;
      const isOver = relayed === undefined || relayed.untilMs <= nowMs;
      const next = isOver ? undefined : relayed.unsent.pop();
      if (relayed === undefined || next === undefined) {
        this.#queries.shift();
        continue;
      }
      const { words, fileId } = relayed.question;
      this.#options.note?.(`relay ${relayed.number}: QUERY ${fileId ?? `"${words}"`}: ${labelOf(next)}`);
      // Asked last when not all can be asked.
      this.#rotate(next);
      this.#datagrams.push({ bytes: encodeReply(0, queryTo(next, relayed)), to: next.udp });
    }
  }

  #rotate(peer: RegisteredPeer): void {
    if (this.#unindexed.delete(peer)) this.#unindexed.add(peer);
  }
}

type CallMessage = Extract<Parameters<typeof encodeReply>[1], { type: 'called' }>;

function* chosen<T>(items: Iterable<T>, isChosen: (item: T) => boolean): Generator<T> {
  for (const item of items) if (isChosen(item)) yield item;
}

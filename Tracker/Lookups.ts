import { RELAY_MS } from '../Protocol/Limits.ts';
import type { RelayQuestion } from '../Protocol/RelayMessages.ts';
import { isSearchable } from '../Protocol/SearchWords.ts';
import {
  encodeReply,
  type RefusalReason,
  type RequestOf,
  type TrackerReply,
} from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../Shared/Network/Address.ts';
import type { Cluster } from './Cluster/Cluster.ts';
import { ClusterLookups } from './Cluster/ClusterLookups.ts';
import type { RateLimits } from './Peers/RateLimits.ts';
import type { RegisteredPeer } from './Peers/RegisteredPeer.ts';
import { LateAnswer, type LateItems } from './Questions/LateAnswer.ts';
import type { OwnPart } from './Questions/OwnPart.ts';
import { foundPage, locatedPage, membersPage, peersPage, relayedHit } from './Questions/ReplyPages.ts';

export interface LookupsOptions {
  readonly own: OwnPart;
  readonly limits: RateLimits;
  /** The other trackers; undefined: there are none. */
  readonly cluster: Cluster | undefined;
  /** Receives a line for each event; undefined: no text is made. */
  readonly note: ((text: string) => void) | undefined;
}

/** The source of a request. `peer` is undefined for an unregistered address. */
export interface Sender {
  readonly from: Address;
  readonly peer: RegisteredPeer | undefined;
  readonly transactionId: number;
  readonly connectionId: string;
}

/**
 * Answers searches of peers: at once from the own index, later from queried peers whose catalog the index lacks, and
 * from the other trackers of a cluster.
 */
export class Lookups {
  readonly #options: LookupsOptions;
  readonly #others: ClusterLookups | undefined;

  constructor(options: LookupsOptions) {
    const { own, cluster, limits } = options;
    this.#options = options;
    this.#others = cluster && new ClusterLookups({ own, cluster, limits });
  }

  /** Asks a peer to dial the sender at the address that the tracker observes. Undefined: the answer follows. */
  call({ target }: RequestOf<'call'>, by: Sender, nowMs: number): TrackerReply | RefusalReason | undefined {
    const { peer: caller } = by;
    if (caller === undefined) return 'unknown-peer';
    const address = { host: caller.udp.host, port: caller.port };
    const message = { peerId: caller.peerId, address, onTrackerHost: caller.isLocal };
    if (this.#options.own.call(target, message)) return { type: 'calling' };
    const isAsked = this.#others?.call(target, message, by.from, nowMs, (known) =>
      this.#reply(by, known ? { type: 'calling' } : { type: 'refused', reason: 'unknown-peer' }),
    );
    return isAsked === true ? undefined : 'unknown-peer';
  }

  /** Names some peers that relay connections. */
  relays({ peer: asking }: Sender): TrackerReply | RefusalReason {
    if (asking === undefined) return 'unknown-peer';
    const named = this.#options.own.relays.choose(asking);
    return { ...peersPage(named, named.length), next: 0 };
  }

  search({ words, cursor }: RequestOf<'search'>, by: Sender, nowMs: number): TrackerReply | RefusalReason {
    const { own, limits } = this.#options;
    if (!isSearchable(words)) return 'bad-request';
    let found = cursor === 0 ? undefined : own.recent(words, nowMs);
    if (found === undefined) {
      // A later page of a result that is no longer cached is a new search.
      if (!limits.allowsSearch(by.from.host, by.peer, nowMs)) return 'too-many';
      found = own.search(words, nowMs);
    }
    const page = foundPage(found, cursor, own.holdersOfHit, own.registry);
    if (cursor > 0) return page;
    this.#options.note?.(`search from ${formatAddress(by.from)}: "${words}": ${found.total} found`);
    return { ...page, ...this.#askFurther({ words, fileId: undefined }, true, by, nowMs) };
  }

  locate({ fileId, cursor }: RequestOf<'locate'>, by: Sender, nowMs: number): TrackerReply {
    const { own, limits } = this.#options;
    const page = locatedPage(own.holders({ fileId }), cursor, own.registry);
    if (cursor > 0) return page;
    // Running downloads repeat `locate`: the index always answers, queries to peers count as searches.
    const mayRelay =
      by.peer !== undefined && own.hasUnindexed && limits.allowsSearch(by.from.host, by.peer, nowMs);
    return { ...page, ...this.#askFurther({ words: '', fileId }, mayRelay, by, nowMs, page.size) };
  }

  /** A page of all registered peers, of this tracker and then of the others. Undefined: the answer follows. */
  peers({ cursor }: RequestOf<'peers'>, by: Sender, nowMs: number): TrackerReply | undefined {
    const { registry } = this.#options.own;
    const others = this.#others;
    if (others === undefined) return peersPage(registry.startingAt(cursor), registry.size);
    const ask = (slot: number) => ({ type: 'peers', cursor: slot }) as const;
    if (others.isElsewhere(cursor)) {
      return others.page({ cursor, ask }, by.from, nowMs, (page) => this.#reply(by, page));
    }
    return others.withNext(peersPage(registry.startingAt(cursor), others.peers));
  }

  /**
   * Peers that share a file below a folder, and all unindexed ones: the sender asks these itself. Undefined: the
   * answer follows with a later step.
   */
  folder(
    { path, cursor }: RequestOf<'folder'>,
    by: Sender,
    nowMs: number,
  ): TrackerReply | RefusalReason | undefined {
    const { limits, own } = this.#options;
    const others = this.#others;
    if (others?.isElsewhere(cursor)) {
      const ask = (slot: number) => ({ type: 'folder', path, cursor: slot }) as const;
      return others.page({ cursor, ask }, by.from, nowMs, (page) => this.#reply(by, page));
    }
    const isCheap = own.isCheapFolder(path, cursor === 0, nowMs);
    if (!isCheap && !limits.allowsSearch(by.from.host, by.peer, nowMs)) return 'too-many';
    let reply: TrackerReply | undefined;
    let isLate = false;
    const asker = { key: formatAddress(by.from), peer: by.peer };
    const wasTaken = own.folder({ path, cursor }, asker, nowMs, (peers, total) => {
      const page = peersPage(peers, total);
      reply = others === undefined ? page : others.withNext(page);
      if (isLate) this.#reply(by, reply);
    });
    isLate = true;
    return wasTaken ? reply : 'too-many';
  }

  /** The trackers of the cluster; none without one. */
  members({ cursor }: RequestOf<'cluster'>, nowMs: number): TrackerReply {
    const { cluster } = this.#options;
    const { members = [], received = 0, sent = 0 } = cluster?.describe(nowMs) ?? {};
    return membersPage(members, cursor, { connected: cluster?.isConnected === true, received, sent });
  }

  /**
   * Asks unindexed peers and other trackers. Later pages of the same answer bring what they know. Peers are not
   * queried for an unregistered address.
   * @param ownSize - size of the content by the own index; 0: unknown
   */
  #askFurther(question: RelayQuestion, mayRelay: boolean, by: Sender, nowMs: number, ownSize = 0): Further {
    const { own, limits } = this.#options;
    const { from, peer, transactionId } = by;
    const key = `${formatAddress(from)} ${transactionId}`;
    const late = new LateAnswer((page) => this.#reply(by, page));
    const take = (items: LateItems, ends: boolean) => late.add(items, ends);
    late.trackers = this.#others?.share(0);
    if (own.isRepeated(key, nowMs)) return this.#alone(late, question);
    const isAskedElsewhere = this.#others?.gather({ question, ownSize }, from, nowMs, (items, answered) => {
      late.trackers = this.#others?.share(answered);
      take(items, true);
    });
    if (isAskedElsewhere === true) late.addSource(0);
    const share = (wanted: number) => limits.takeQueries(from.host, wanted, nowMs);
    const asked =
      peer === undefined || !mayRelay
        ? 0
        : own.relay(question, { asker: peer, share, lastsMs: RELAY_MS }, nowMs, (queried, files, isLast) => {
            const hits = files.flatMap((file) => (queried === undefined ? [] : [relayedHit(queried, file)]));
            take(lateItems(question, hits), isLast);
          });
    if (asked > 0) late.addSource(asked);
    if (asked === 0 && isAskedElsewhere !== true) return this.#alone(late, question);
    own.remember(key, nowMs);
    return { asked, part: 'index' };
  }

  /** Nobody else is asked: in a cluster an empty last page says that the other trackers are missing. */
  #alone(late: LateAnswer, question: RelayQuestion): Further {
    if (late.trackers === undefined) return { asked: 0, part: 'whole' };
    late.addSource(0);
    late.add(lateItems(question, []), true);
    return { asked: 0, part: 'index' };
  }

  #reply({ from, transactionId }: Sender, reply: TrackerReply): void {
    this.#options.own.send({ bytes: encodeReply(transactionId, reply), to: from });
  }
}

interface Further {
  readonly asked: number;
  readonly part: 'whole' | 'index';
}

/** Hits as the answer to a question: files, or the holders of one. */
function lateItems(question: RelayQuestion, hits: readonly ReturnType<typeof relayedHit>[]): LateItems {
  const total = hits.length;
  if (question.fileId === undefined) return { hits, total };
  return { holders: hits.flatMap((hit) => hit.holders), total, size: hits[0]?.size ?? 0 };
}

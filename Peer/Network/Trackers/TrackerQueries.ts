import type { TrackerShare } from '../../../Protocol/Extensions.ts';
import { rankHits } from '../../../Protocol/HitOrder.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import {
  CLUSTER_MEMBERS_MAX,
  PATH_BYTES_MAX,
  PEERS_MAX,
  RELAYS_NAMED_MAX,
  SEARCH_HITS_MAX,
} from '../../../Protocol/Limits.ts';
import type {
  Hit,
  Holder,
  ListedPeer,
  ReplyOf,
  RequestOf,
  TrackerReply,
  TrackerRequest,
} from '../../../Protocol/TrackerMessages.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import { within } from '../../../Shared/Time/Within.ts';
import type { Coverage, FileHolder, PeerSummary, SearchResult } from '../../Model.ts';
import type { ClusterMemberStatus, ClusterStatus } from '../../NetworkModel.ts';
import { mergeHits, mergeHolders, mergePeers, type TrackerAnswer, type Viewpoint } from './MergeAnswers.ts';
import type { TrackerLink } from './Session/TrackerLink.ts';

/** One page of an answer. `next` 0: the last page. */
interface AnswerPage<T> {
  readonly total: number;
  readonly next: number;
  readonly items: readonly T[];
  /** Trackers of a cluster that the answer covers, with the last page. */
  readonly trackers?: TrackerShare | undefined;
}

interface Query<T> {
  readonly ask: (cursor: number) => TrackerRequest;
  readonly read: (reply: TrackerReply) => AnswerPage<T>;
  /** First cursor; default 0. */
  readonly from?: number;
  /** Upper bound on items read, so that a tracker cannot keep this peer reading forever. */
  readonly itemsMax: number;
}

/** Receives how many trackers an answer covers. */
export type Covers = (coverage: Coverage) => void;

/** The answers of all trackers. */
interface Answers<T> {
  readonly perTracker: readonly TrackerAnswer<T>[];
  readonly truncated: boolean;
  readonly failures: readonly ShoalError[];
  /** Trackers that answered, and those that should have, the members of clusters included. */
  readonly share: TrackerShare;
}

/**
 * Time for the other trackers' first page once one tracker has answered completely: a dead tracker must not delay
 * the result.
 */
const STRAGGLER_MS = 1_000;
/** Time for the answer to a large request: two retransmissions, and a tracker that searches a million files. */
const LARGE_MS = 3_000;
/** Time for trackers to describe their clusters. */
const CLUSTER_MS = 1_000;

export interface TrackerQueriesOptions {
  /** Trackers to query, evaluated per query. */
  readonly links: () => readonly TrackerLink[];
  readonly viewpoint: () => Viewpoint;
  /** The error when none answers. @param cause - the first failure */
  readonly noTracker: (cause: ShoalError | undefined) => ShoalError;
  readonly clock: Clock;
}

/** Queries all trackers at once, reads every page and merges the answers. */
export class TrackerQueries {
  readonly #options: TrackerQueriesOptions;

  constructor(options: TrackerQueriesOptions) {
    this.#options = options;
  }

  /** Number of peers, this one included, registered at the largest connected tracker. */
  get registered(): number {
    const counts = this.#options.links().map(({ session }) => session.standing.alive?.peers ?? 0);
    return Math.max(0, ...counts);
  }

  /**
   * Searches by words, merged by content, without this peer. `trackers` 0: none answered.
   * @throws ShoalError REFUSED (by all that answered), CANCELLED
   */
  async search(words: string, signal: AbortSignal): Promise<SearchResult> {
    const ask = (cursor: number): RequestOf<'search'> => ({ type: 'search', words, cursor });
    // Those of the index of the tracker, and as many that it gathers from peers and other trackers.
    const answers = await this.#askAll({ ask, read: readHits, itemsMax: 2 * SEARCH_HITS_MAX }, signal);
    const refusal = answers.failures.find(({ code }) => code === 'REFUSED');
    if (answers.perTracker.length === 0 && refusal !== undefined) throw refusal;
    const merged = mergeHits(answers.perTracker, this.#options.viewpoint());
    // One tracker has sorted its hits; those of several are sorted as one would.
    const isRanked = answers.share.answered <= 1 && merged.length <= SEARCH_HITS_MAX;
    return {
      hits: isRanked ? merged : rankHits(words, merged),
      truncated: answers.truncated || merged.length > SEARCH_HITS_MAX,
      ...coverageOf(answers.share),
    };
  }

  /**
   * Holders of one content, partial ones included, without this peer. Empty if no tracker answers.
   * @throws ShoalError CANCELLED
   */
  async locate(fileId: FileId, signal: AbortSignal, covers?: Covers): Promise<readonly FileHolder[]> {
    const ask = (cursor: number): RequestOf<'locate'> => ({ type: 'locate', fileId, cursor });
    const { perTracker, share } = await this.#askAll({ ask, read: readHolders, itemsMax: PEERS_MAX }, signal);
    covers?.(coverageOf(share));
    return mergeHolders(perTracker, this.#options.viewpoint());
  }

  /** All registered peers without this one; `linked` is always false. @throws ShoalError NO_TRACKER, CANCELLED */
  async peers(signal: AbortSignal, covers?: Covers): Promise<readonly PeerSummary[]> {
    const ask = (cursor: number): RequestOf<'peers'> => ({ type: 'peers', cursor });
    const { perTracker, failures, share } = await this.#askAll(
      { ask, read: readPeers, itemsMax: PEERS_MAX },
      signal,
    );
    if (perTracker.length === 0) throw this.#options.noTracker(failures[0]);
    covers?.(coverageOf(share));
    return mergePeers(perTracker, this.#options.viewpoint());
  }

  /**
   * Up to `max` registered peers, from a random position. Empty when no tracker answers.
   * @throws ShoalError CANCELLED
   */
  async sample(max: number, random: Random, signal: AbortSignal): Promise<readonly PeerSummary[]> {
    const surplus = Math.max(0, this.registered - max);
    const from = surplus === 0 ? 0 : Math.floor(random() * surplus);
    return this.#listPeers({ ask: (cursor) => ({ type: 'peers', cursor }), itemsMax: max, from }, signal);
  }

  /** Peers that share files below that folder. Empty if no tracker answers. @throws ShoalError CANCELLED */
  async folderHolders(path: string, signal: AbortSignal, covers?: Covers): Promise<readonly PeerSummary[]> {
    const ask = (cursor: number): RequestOf<'folder'> => ({ type: 'folder', path, cursor });
    return this.#listPeers({ ask, itemsMax: PEERS_MAX }, signal, covers);
  }

  /** The clusters of connected trackers, as far as they answer within CLUSTER_MS. @throws ShoalError CANCELLED */
  async clusters(signal: AbortSignal): Promise<readonly ClusterStatus[]> {
    const { links, clock } = this.#options;
    const clusters = await within(clock, CLUSTER_MS, signal, (limited) =>
      Promise.all(links().map((link) => askCluster(link, limited).catch(() => undefined))),
    );
    if (signal.aborted) throw new ShoalError('CANCELLED', 'the query to the trackers was cancelled');
    return clusters.filter((cluster) => cluster !== undefined);
  }

  /** Has the trackers ask a peer to dial us. @throws ShoalError NO_TRACKER, REFUSED when none knows it */
  async call(target: PeerId, signal: AbortSignal): Promise<void> {
    const asked = this.#options.links().map((link) => link.ask({ type: 'call', target }, signal));
    await Promise.any(asked).catch(() => {
      throw new ShoalError('NOT_FOUND', 'no tracker knows that peer');
    });
  }

  /** Some peers that relay connections. Empty if no tracker answers. @throws ShoalError CANCELLED */
  async relays(signal: AbortSignal): Promise<readonly PeerSummary[]> {
    return this.#listPeers({ ask: () => ({ type: 'relays' }), itemsMax: RELAYS_NAMED_MAX }, signal);
  }

  /**
   * Whether a request of about 1,000 bytes reaches a connected tracker: networks may drop large datagrams only.
   * Undefined: none is connected, or the signal was aborted.
   */
  async takesLargeDatagrams(signal: AbortSignal): Promise<boolean | undefined> {
    const { links, clock } = this.#options;
    const connected = links().filter(({ session }) => session.standing.state === 'connected');
    if (connected.length === 0) return undefined;
    const path = 'x'.repeat(PATH_BYTES_MAX);
    const answer = (link: TrackerLink, limited: AbortSignal) =>
      link.ask({ type: 'folder', path, cursor: 0 }, limited).catch((failure: unknown) => {
        if (!(failure instanceof ShoalError && failure.code === 'REFUSED')) throw failure;
      });
    const reached = await within(clock, LARGE_MS, signal, (limited) =>
      Promise.any(connected.map((link) => answer(link, limited))),
    ).then(
      () => true,
      () => false,
    );
    return signal.aborted ? undefined : reached;
  }

  async #listPeers(query: Omit<Query<ListedPeer>, 'read'>, signal: AbortSignal, covers?: Covers) {
    const { perTracker, share } = await this.#askAll({ ...query, read: readPeers }, signal);
    covers?.(coverageOf(share));
    return mergePeers(perTracker, this.#options.viewpoint());
  }

  async #askAll<T>(query: Query<T>, signal: AbortSignal): Promise<Answers<T>> {
    const { links, clock } = this.#options;
    const tooLate = new AbortController();
    let cancelTimer: (() => void) | undefined;
    const results = await Promise.allSettled(
      links().map(async (link) => {
        const pages = await readPages(link, query, { signal, firstPage: tooLate.signal });
        cancelTimer ??= clock.after(STRAGGLER_MS, () => tooLate.abort());
        return { trackerHost: link.address.host, cluster: link.session.standing.alive?.cluster, ...pages };
      }),
    );
    cancelTimer?.();
    if (signal.aborted) throw new ShoalError('CANCELLED', 'the query to the trackers was cancelled');
    const perTracker = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
    const failures = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => asShoalError(reason, 'NO_TRACKER'));
    const truncated = perTracker.some((each) => each.truncated);
    return { perTracker, truncated, failures, share: shareOf(perTracker, failures.length) };
  }
}

function coverageOf({ answered, known }: TrackerShare): Coverage {
  return { trackers: answered, trackersKnown: known };
}

/** Counts trackers that answered. Those of one cluster are counted once, however many of them were asked. */
function shareOf(
  answers: readonly { readonly cluster: string | undefined; readonly trackers: TrackerShare | undefined }[],
  failures: number,
): TrackerShare {
  const alone = { answered: 1, known: 1 };
  const clusters = new Map<string, TrackerShare>();
  const shares: TrackerShare[] = [];
  for (const { cluster, trackers = alone } of answers) {
    if (cluster === undefined) shares.push(alone);
    else if (trackers.answered >= (clusters.get(cluster)?.answered ?? 0)) clusters.set(cluster, trackers);
  }
  shares.push(...clusters.values());
  const sum = (of: keyof TrackerShare) => shares.reduce((total, share) => total + share[of], 0);
  return { answered: sum('answered'), known: sum('known') + failures };
}

async function askCluster(link: TrackerLink, signal: AbortSignal): Promise<ClusterStatus | undefined> {
  const name = link.session.standing.alive?.cluster;
  if (name === undefined) return undefined;
  const members: ClusterMemberStatus[] = [];
  for (let cursor = 0; ; ) {
    const page = expected(await link.ask({ type: 'cluster', cursor }, signal), 'members');
    for (const { silenceMs, silenceAgoMs, ...member } of page.members) {
      const silence = silenceMs === 0 ? undefined : { lengthMs: silenceMs, agoMs: silenceAgoMs };
      members.push({ ...member, silence });
    }
    const { connected, received, sent, next } = page;
    if (next <= cursor || members.length >= CLUSTER_MEMBERS_MAX)
      return { name, tracker: link.address, connected, received, sent, members };
    cursor = next;
  }
}

/**
 * Reads all pages. A failure after the first page keeps the items received so far.
 * @throws ShoalError when the first page fails
 */
async function readPages<T>(
  link: TrackerLink,
  { ask, read, itemsMax, from = 0 }: Query<T>,
  { signal, firstPage }: { readonly signal: AbortSignal; readonly firstPage: AbortSignal },
): Promise<{ items: T[]; truncated: boolean; trackers: TrackerShare | undefined }> {
  const items: T[] = [];
  let trackers: TrackerShare | undefined;
  let total = 0;
  let emptyPages = 0;
  let cursor = from;
  for (;;) {
    let page: AnswerPage<T>;
    try {
      const patience = cursor === from ? AbortSignal.any([signal, firstPage]) : signal;
      page = read(await link.ask(ask(cursor), patience));
    } catch (failure) {
      if (cursor === from) throw failure;
      return { items, truncated: true, trackers };
    }
    items.push(...page.items);
    trackers = page.trackers ?? trackers;
    // Later pages of a search count the index of the tracker only.
    total = Math.max(total, page.total);
    if (page.next === 0) return { items, truncated: total > items.length, trackers };
    // In a cluster a tracker without peers gives a page without any, and names the next one.
    if (page.items.length === 0) emptyPages++;
    if (items.length >= itemsMax || emptyPages > CLUSTER_MEMBERS_MAX || page.next <= cursor)
      return { items, truncated: true, trackers };
    cursor = page.next;
  }
}

function readHits(reply: TrackerReply): AnswerPage<Hit> {
  const { total, next, trackers, hits } = expected(reply, 'found');
  return { total, next, trackers, items: hits };
}

function readHolders(reply: TrackerReply): AnswerPage<Holder> {
  const { total, next, trackers, holders } = expected(reply, 'located');
  return { total, next, trackers, items: holders };
}

function readPeers(reply: TrackerReply): AnswerPage<ListedPeer> {
  const { total, next, trackers, peers } = expected(reply, 'peerList');
  return { total, next, trackers, items: peers };
}

/** Narrows the type. The session passes only matching replies. */
function expected<T extends TrackerReply['type']>(reply: TrackerReply, type: T): ReplyOf<T> {
  if (!isReply(reply, type)) throw new TypeError(`a ${reply.type} where ${type} belongs`);
  return reply;
}

function isReply<T extends TrackerReply['type']>(reply: TrackerReply, type: T): reply is ReplyOf<T> {
  return reply.type === type;
}

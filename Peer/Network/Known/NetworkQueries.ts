import type { FileId } from '../../../Protocol/Ids.ts';
import { QUERY_CHARS_MIN } from '../../../Protocol/Limits.ts';
import type { RelayQuestion } from '../../../Protocol/RelayMessages.ts';
import { fittingQuery, isSearchable } from '../../../Protocol/SearchWords.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { Coverage, FileHolder, PeerContact, PeerSummary, SearchResult } from '../../Model.ts';
import type { PeerList } from '../../NetworkModel.ts';
import type { Covers } from '../Trackers/TrackerQueries.ts';
import type { Trackers } from '../Trackers/Trackers.ts';
import { hitsOf, holdersOf, type PeerAnswer, withLinked } from './PeerAnswers.ts';
import type { PeerBook } from './PeerBook.ts';
import type { PeerQueries } from './PeerQueries.ts';

/** A search unanswered by trackers for this long also goes to known peers: the tracker may be dead. */
const TRACKER_SLOW_MS = 1_000;
/** Extra waiting time for the tracker once peers have answered: enough for one retransmission. */
const TRACKER_GRACE_MS = 1_500;
/** Extra waiting time for linked peers once the tracker has answered. */
const LINKED_GRACE_MS = 300;

export interface NetworkQueriesOptions {
  readonly trackers: Pick<Trackers, 'connected' | 'queries'>;
  readonly peers: Pick<PeerQueries, 'ask' | 'askLinked' | 'reach'>;
  readonly linked: () => readonly PeerSummary[];
  readonly book: PeerBook;
  readonly clock: Clock;
}

/** Queries trackers and linked peers, and all known peers if no tracker answers. */
export class NetworkQueries {
  readonly #options: NetworkQueriesOptions;

  constructor(options: NetworkQueriesOptions) {
    this.#options = options;
  }

  /**
   * Searches by words; by the last ones of a long text.
   * @throws ShoalError USAGE (query too short), REFUSED, CANCELLED
   */
  async search(text: string, signal: AbortSignal): Promise<SearchResult> {
    if (!isSearchable(text)) throw tooShort(text);
    const words = fittingQuery(text);
    const { trackers, book, clock } = this.#options;
    const told = trackers.connected ? trackers.queries.search(words, signal) : undefined;
    const linked = told && this.#askLinked({ words, fileId: undefined }, signal);
    const first = told && (await this.#within(told, TRACKER_SLOW_MS));
    if (linked !== undefined && first !== undefined && first.trackers > 0) {
      for (const { holders } of first.hits)
        for (const holder of holders) book.add(holder, 'tracker', clock.nowMs());
      const answers = (await this.#within(linked, LINKED_GRACE_MS)) ?? [];
      return answers.length === 0 ? first : withLinked(first, hitsOf(words, answers), answers.length);
    }
    const fromPeers = await this.#askPeers(words, signal);
    if (told === undefined || first !== undefined) return fromPeers;
    const late =
      fromPeers.hits.length === 0 ? await told : await this.#within(told, TRACKER_GRACE_MS).catch(() => {});
    return late !== undefined && late.trackers > 0 ? late : fromPeers;
  }

  /** Holders of one content, partial ones included. Empty without an answer. @throws ShoalError CANCELLED */
  async locate(fileId: FileId, signal: AbortSignal, covers?: Covers): Promise<readonly FileHolder[]> {
    const { trackers, peers, book, clock } = this.#options;
    if (!trackers.connected) return holdersOf(await peers.ask({ words: '', fileId }, signal));
    const holders = await trackers.queries.locate(fileId, signal, covers);
    for (const holder of holders) book.add(holder, 'tracker', clock.nowMs());
    // A linked peer may be registered elsewhere, or nowhere.
    return holders.length > 0 ? holders : holdersOf(await this.#askLinked({ words: '', fileId }, signal));
  }

  /**
   * Peers that may share files below a folder: holders named by trackers and all linked peers. Without a tracker,
   * it first links to known peers.
   */
  async folderHolders(path: string, signal: AbortSignal, covers?: Covers): Promise<readonly PeerContact[]> {
    const { trackers, peers, linked } = this.#options;
    if (!trackers.connected) await peers.reach(signal);
    const told = trackers.connected ? await trackers.queries.folderHolders(path, signal, covers) : [];
    const known = new Set(told.map((peer) => peer.peerId));
    return [...told, ...linked().filter((peer) => !known.has(peer.peerId))];
  }

  /**
   * All peers registered at trackers, and linked peers. Without a tracker: the known peers that can be reached.
   * @throws ShoalError NO_TRACKER if there are none, CANCELLED
   */
  async peers(signal: AbortSignal): Promise<PeerList> {
    const { trackers, peers, linked } = this.#options;
    if (!trackers.connected) await peers.reach(signal);
    let coverage: Coverage = { trackers: 0 };
    const covers: Covers = (each) => {
      coverage = each;
    };
    const told = await trackers.queries.peers(signal, covers).catch((failure: unknown) => {
      if (linked().length === 0) throw failure;
      return [];
    });
    const links = new Map(linked().map(({ peerId, link }) => [peerId, link]));
    const toldIds = new Set(told.map((peer) => peer.peerId));
    const all = [
      ...told.map((peer) => ({ ...peer, linked: links.has(peer.peerId), link: links.get(peer.peerId) })),
      ...linked().filter((peer) => !toldIds.has(peer.peerId)),
    ];
    return { peers: all, ...coverage };
  }

  /** Answers of the linked peers, which trackers need not know. Empty after a failure. */
  #askLinked(question: RelayQuestion, signal: AbortSignal): Promise<readonly PeerAnswer[]> {
    if (this.#options.linked().length === 0) return Promise.resolve([]);
    return this.#options.peers.askLinked(question, signal).catch(() => []);
  }

  async #askPeers(words: string, signal: AbortSignal): Promise<SearchResult> {
    const told = await this.#options.peers.ask({ words, fileId: undefined }, signal);
    return { ...hitsOf(words, told), trackers: 0, peers: told.length };
  }

  /** The promise's value, or undefined after `maxMs`. @throws a rejection within that time */
  #within<T>(promise: Promise<T>, maxMs: number): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(maxMs, () => resolve(undefined));
      promise.then(resolve, reject).finally(cancel);
    });
  }
}

function tooShort(words: string): ShoalError {
  const what =
    words.trim() === '' ? 'there is no word to search for' : `"${words}" is too short to search for`;
  return new ShoalError('USAGE', `${what}: give ${QUERY_CHARS_MIN} letters or more`, {
    hint: (command) =>
      `A file of a peer that you know needs no search: ${command('ls <peer>')}, then ${command('get <peer> <file>')}.`,
  });
}

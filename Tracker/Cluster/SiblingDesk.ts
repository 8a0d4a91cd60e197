import type { RelayQuestion } from '../../Protocol/RelayMessages.ts';
import { isSearchable } from '../../Protocol/SearchWords.ts';
import { type Hit, type Holder, hit, holder } from '../../Protocol/TrackerItems.ts';
import { isLoopback } from '../../Shared/Network/Address.ts';
import type { RateLimits } from '../Peers/RateLimits.ts';
import type { OwnPart } from '../Questions/OwnPart.ts';
import { hitOf, holdersFrom, peersPage, ReplyPage, relayedHit } from '../Questions/ReplyPages.ts';
import { type QuestionRecord, RECORD_BYTES_MAX, RECORD_ITEMS_MAX, type RecordOf } from './BusRecords.ts';
import type { Cluster } from './Cluster.ts';
import { GATHER_MS } from './Gatherings.ts';
import { seenElsewhere } from './SeenElsewhere.ts';

/** Items of one record: room for its other fields, and for sealing. */
const ITEMS_BYTES = RECORD_BYTES_MAX - 256;

/** Time for the answers of queried peers: the last record has to arrive while the asking tracker waits for it. */
const RELAY_MS = GATHER_MS - 60;

export interface SiblingDeskOptions {
  readonly own: OwnPart;
  readonly cluster: Cluster;
  readonly limits: RateLimits;
}

/**
 * Answers the questions of other trackers from the own part, and from the own peers that have no catalog in the
 * index.
 */
export class SiblingDesk {
  readonly #options: SiblingDeskOptions;

  constructor(options: SiblingDeskOptions) {
    this.#options = options;
  }

  answer(record: QuestionRecord, nowMs: number): void {
    if (record.type === 'search') this.#search(record, nowMs);
    else if (record.type === 'locate') this.#locate(record, nowMs);
    else if (record.type === 'peers') this.#peers(record);
    else if (record.type === 'folder') this.#folder(record, nowMs);
    else this.#call(record);
  }

  #search(record: RecordOf<'search'>, nowMs: number): void {
    const { own, cluster } = this.#options;
    const { words } = record;
    if (!isSearchable(words)) return;
    const found = own.recent(words, nowMs) ?? own.search(words, nowMs);
    const hits = found.files.flatMap((file) => hitOf(file, own.holdersOfHit, own.registry) ?? []);
    let part = 0;
    const send = (items: readonly Hit[], total: number, isLast: boolean) =>
      cluster.answer(record, {
        type: 'found',
        part: part++,
        isLast,
        total,
        hits: items.map((each) => this.#seenHit(each)),
      });
    const asked = this.#relay(record, { words, fileId: undefined }, nowMs, (items, isLast) =>
      send(items, items.length, isLast),
    );
    const lists = inRecords(hits, () => new ReplyPage<Hit>(hit, ITEMS_BYTES));
    for (const [at, list] of lists.entries()) {
      const isLast = asked === 0 && at === lists.length - 1;
      send(list, at === 0 ? found.total : 0, isLast);
    }
  }

  #locate(record: RecordOf<'locate'>, nowMs: number): void {
    const { own, cluster } = this.#options;
    const known = own.holders(record);
    const holders = known === undefined ? [] : holdersFrom(known, 0, RECORD_ITEMS_MAX, own.registry);
    let part = 0;
    const send = (items: readonly Holder[], total: number, size: number, isLast: boolean) =>
      cluster.answer(record, {
        type: 'located',
        part: part++,
        isLast,
        total,
        size,
        holders: items.map((each) => seenElsewhere(each, cluster.address)),
      });
    const question = { words: '', fileId: record.fileId };
    const asked = this.#relay(record, question, nowMs, (hits, isLast) => {
      const named = hits.flatMap((each) => each.holders);
      send(named, named.length, hits[0]?.size ?? 0, isLast);
    });
    const total = known?.holders.length ?? 0;
    const lists = inRecords(holders, () => new ReplyPage<Holder>(holder, ITEMS_BYTES));
    for (const [at, list] of lists.entries()) {
      const isLast = asked === 0 && at === lists.length - 1;
      send(list, at === 0 ? total : 0, known?.size ?? 0, isLast);
    }
  }

  #peers(record: RecordOf<'peers'>): void {
    const { own, cluster } = this.#options;
    const { registry } = own;
    const { total, next, peers } = peersPage(registry.startingAt(record.cursor), registry.size, (peer) =>
      seenElsewhere(peer, cluster.address),
    );
    cluster.answer(record, { type: 'listed', total, next, peers });
  }

  #folder(record: RecordOf<'folder'>, nowMs: number): void {
    const { own, cluster } = this.#options;
    const asker = { key: `${record.from} ${record.question}`, peer: undefined };
    own.folder(record, asker, nowMs, (found, count) => {
      const { total, next, peers } = peersPage(found, count, (peer) => seenElsewhere(peer, cluster.address));
      cluster.answer(record, { type: 'listed', total, next, peers });
    });
  }

  #call(record: RecordOf<'call'>): void {
    const { own, cluster } = this.#options;
    const { target, caller, address } = record;
    const isLocal = isLoopback(address.host);
    // A loopback address holds for trackers of one computer only.
    const mayCall = !isLocal || isLoopback(cluster.address.host);
    const known = mayCall && own.call(target, { peerId: caller, address, onTrackerHost: isLocal });
    cluster.answer(record, { type: 'calling', known });
  }

  /**
   * Queries the own peers without a catalog in the index.
   * @returns the number of answers awaited; 0: `take` is not called
   */
  #relay(
    { from }: QuestionRecord,
    question: RelayQuestion,
    nowMs: number,
    take: (hits: readonly Hit[], isLast: boolean) => void,
  ): number {
    const { own, limits } = this.#options;
    // Each tracker has the share of a host.
    const share = (wanted: number) => limits.takeQueries(from, wanted, nowMs);
    return own.relay(
      question,
      { asker: undefined, share, lastsMs: RELAY_MS },
      nowMs,
      (peer, files, isLast) => {
        const hits = files.flatMap((file) => (peer === undefined ? [] : [relayedHit(peer, file)]));
        if (hits.length > 0 || isLast) take(hits, isLast);
      },
    );
  }

  #seenHit(one: Hit): Hit {
    const { address } = this.#options.cluster;
    return { ...one, holders: one.holders.map((each) => seenElsewhere(each, address)) };
  }
}

/** Items in lists that fit a record each; at least one list. */
function inRecords<T>(items: readonly T[], newPage: () => ReplyPage<T>): (readonly T[])[] {
  let page = newPage();
  const pages = [page];
  for (const item of items) {
    if (page.items.length < RECORD_ITEMS_MAX && page.add(item)) continue;
    page = newPage();
    if (page.add(item)) pages.push(page);
  }
  return pages.map((each) => each.items);
}

import { PEERS_MAX, SEARCH_HITS_MAX } from '../../../../Protocol/Limits.ts';
import type { ReplyOf, TrackerReply } from '../../../../Protocol/TrackerMessages.ts';

type Found = ReplyOf<'found'>;
type Located = ReplyOf<'located'>;

/** Joins the pages of one answer: index hits of the tracker, and hits relayed from peers. */
export class RelayedPages {
  #index: Found | Located | undefined;
  readonly #relayed: (Found | Located)[] = [];
  #left = Math.max(PEERS_MAX, SEARCH_HITS_MAX);
  #ended = false;
  #pages = 0;
  /** Later pages in all; known with the last one of a cluster. */
  #expected = 0;

  /** Returns the whole answer as one page, or undefined while pages are missing. Accepts pages in any order. */
  add(reply: TrackerReply): TrackerReply | undefined {
    if (reply.type !== 'found' && reply.type !== 'located') return reply;
    if (reply.part === 'whole' || reply.part === 'index') this.#index = reply;
    else this.#take(reply);
    if (reply.part === 'last') this.#expected = reply.pages ?? 0;
    // An answer to a retransmission: missing pages were lost.
    if (reply.part === 'whole') this.#expected = 0;
    if (reply.part === 'whole' || reply.part === 'last') this.#ended = true;
    const isComplete = this.#ended && this.#pages >= this.#expected;
    return isComplete && this.#index !== undefined ? joined(this.#index, this.#relayed) : undefined;
  }

  /** Drops pages beyond the item limit, so that a tracker cannot exhaust memory. */
  #take(page: Found | Located): void {
    this.#pages++;
    this.#left -= page.type === 'found' ? page.hits.length : page.holders.length;
    if (this.#left >= 0) this.#relayed.push(page);
  }
}

function joined(index: Found | Located, relayed: readonly (Found | Located)[]): TrackerReply {
  if (index.type === 'found') {
    const found = relayed.filter((page) => page.type === 'found');
    const hits = found.flatMap((page) => page.hits);
    return { ...index, ...endOf(found), total: totalOf(index, found), hits: [...index.hits, ...hits] };
  }
  const located = relayed.filter((page) => page.type === 'located');
  const holders = located.flatMap((page) => page.holders);
  return {
    ...index,
    ...endOf(located),
    total: totalOf(index, located),
    size: index.size || (located.find(({ size }) => size > 0)?.size ?? 0),
    holders: [...index.holders, ...holders],
  };
}

/** Later pages count what they add to the answer. */
function totalOf(index: Found | Located, later: readonly (Found | Located)[]): number {
  return later.reduce((sum, { total }) => sum + total, index.total);
}

/** The last page tells how many trackers the answer covers. */
function endOf(later: readonly (Found | Located)[]) {
  const trackers = later.find(({ part }) => part === 'last')?.trackers;
  return { part: 'whole', ...(trackers && { trackers }) } as const;
}

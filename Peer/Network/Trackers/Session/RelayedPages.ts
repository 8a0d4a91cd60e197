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

  /** Returns the whole answer as one page, or undefined while pages are missing. Accepts pages in any order. */
  add(reply: TrackerReply): TrackerReply | undefined {
    if (reply.type !== 'found' && reply.type !== 'located') return reply;
    if (reply.part === 'whole' || reply.part === 'index') this.#index = reply;
    else this.#take(reply);
    if (reply.part === 'whole' || reply.part === 'last') this.#ended = true;
    return this.#ended && this.#index !== undefined ? joined(this.#index, this.#relayed) : undefined;
  }

  /** Drops pages beyond the item limit, so that a tracker cannot exhaust memory. */
  #take(page: Found | Located): void {
    this.#left -= page.type === 'found' ? page.hits.length : page.holders.length;
    if (this.#left >= 0) this.#relayed.push(page);
  }
}

function joined(index: Found | Located, relayed: readonly (Found | Located)[]): TrackerReply {
  if (index.type === 'found') {
    const hits = relayed.flatMap((page) => (page.type === 'found' ? page.hits : []));
    return { ...index, part: 'whole', total: index.total + hits.length, hits: [...index.hits, ...hits] };
  }
  const located = relayed.filter((page) => page.type === 'located');
  const holders = located.flatMap((page) => page.holders);
  return {
    ...index,
    part: 'whole',
    total: index.total + holders.length,
    size: index.size || (located.find(({ size }) => size > 0)?.size ?? 0),
    holders: [...index.holders, ...holders],
  };
}

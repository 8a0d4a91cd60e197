import type { TrackerShare } from '../../Protocol/Extensions.ts';
import { SEARCH_HITS_MAX } from '../../Protocol/Limits.ts';
import type { Hit, Holder, ReplyOf, TrackerReply } from '../../Protocol/TrackerMessages.ts';
import { hitPages, holderPages, type PageFacts } from './ReplyPages.ts';

/** Files of a search, or holders of one file. */
export type LateItems =
  | { readonly hits: readonly Hit[]; readonly total: number }
  | { readonly holders: readonly Holder[]; readonly total: number; readonly size: number };

/**
 * The pages of one answer that follow that of the index: from queried peers, and from other trackers. Each source
 * ends once; the last page of the last source is marked.
 */
export class LateAnswer {
  /** Trackers that the answer covers; for the last page. */
  trackers: TrackerShare | undefined;
  #asked = 0;
  #sources = 0;
  #hitsLeft = SEARCH_HITS_MAX;
  #pages = 0;
  readonly #send: (page: TrackerReply) => void;

  constructor(send: (page: TrackerReply) => void) {
    this.#send = send;
  }

  /** Adds a source. @param asked - the peers that are queried because of it */
  addSource(asked: number): void {
    this.#sources++;
    this.#asked += asked;
  }

  /** Sends further items. @param ends - the source has no more */
  add(items: LateItems, ends: boolean): void {
    if (ends) this.#sources--;
    const isLast = ends && this.#sources === 0;
    const facts: PageFacts = { asked: this.#asked, isLast, total: items.total };
    for (const page of this.#pagesOf(items, facts)) {
      this.#pages++;
      const { trackers } = this;
      const isEnd = page.part === 'last' && trackers !== undefined;
      this.#send(isEnd ? { ...page, trackers, pages: this.#pages } : page);
    }
  }

  #pagesOf(items: LateItems, facts: PageFacts): (ReplyOf<'found'> | ReplyOf<'located'>)[] {
    if ('holders' in items) return holderPages(items.holders, items.size, facts);
    const hits = items.hits.slice(0, this.#hitsLeft);
    this.#hitsLeft -= hits.length;
    return hitPages(hits, facts);
  }
}

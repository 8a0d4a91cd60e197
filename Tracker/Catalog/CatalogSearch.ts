import { compareFiles, hitScore, SCORES_PER_MATCH } from '../../Protocol/HitOrder.ts';
import { SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../../Protocol/Limits.ts';
import { NO_MATCH } from '../../Protocol/WordMatch.ts';
import type { ContentTable } from './ContentTable.ts';
import { CONTENT, type EntryTable, SHARE } from './EntryTable.ts';
import { matchOf, resolveQuery, type SearchQuery, shortestLists } from './SearchQuery.ts';
import type { FoundFile, FoundFiles } from './SharedFiles.ts';
import type { Shares } from './Shares.ts';
import type { WordIndex } from './WordIndex.ts';

/** Entries examined by one search: keeps "mp3" among a million names within some milliseconds. */
const ENTRIES_EXAMINED_MAX = 32_768;
/** Matching files that a search ranks; it ends when it has found that many. */
const MATCHES_MAX = 4_096;
/** Holders examined when the first one has used its share of the hits. */
const QUOTA_STEPS_MAX = 16;

/** Number of different values of `startOfId`. */
const ID_STARTS = 2 ** 40;

const SCORES = 3 * SCORES_PER_MATCH;

/** Searches the catalogs. Reuses its working memory: some kilobytes, and 4 bytes per content. */
export class CatalogSearch {
  readonly #words: WordIndex;
  readonly #entries: EntryTable;
  readonly #contents: ContentTable;
  readonly #shares: Shares;
  /** The best entry of each matching content and its score, in order of discovery. */
  readonly #found = new Int32Array(MATCHES_MAX);
  readonly #scores = new Uint8Array(MATCHES_MAX);
  /** Keys of matches, see `#orderById`. */
  readonly #keys = new Float64Array(MATCHES_MAX);
  readonly #ranked = new Int32Array(MATCHES_MAX);
  #count = 0;
  /** Index in `#found` plus 1, by content; all 0 between searches. */
  #placeOf = new Int32Array(0);

  constructor(words: WordIndex, entries: EntryTable, contents: ContentTable, shares: Shares) {
    this.#words = words;
    this.#entries = entries;
    this.#contents = contents;
    this.#shares = shares;
  }

  /**
   * The best files that match all `words`, the last one as a prefix: matches of the whole name first, then in the
   * name, then in folders; then by number of holders and by path. One file per content, SEARCH_HITS_MAX in all, at
   * most SEARCH_HITS_PER_PEER_MAX on account of one owner. Of equal ones those with the lowest ids are chosen, as
   * `chooseHits` does with the hits of several trackers.
   */
  search(words: readonly string[]): FoundFiles {
    const query = resolveQuery(words, this.#words);
    if (query === undefined) return { total: 0, files: [] };
    this.#collect(query);
    const files = this.#choose(this.#rank())
      .map((place) => ({ file: this.#fileOf(this.#found[place] ?? 0), score: this.#scores[place] ?? 0 }))
      .sort((a, b) => b.score - a.score || compareFiles(a.file, b.file))
      .map(({ file }) => file);
    const total = this.#count;
    this.#clear();
    return { total, files };
  }

  #collect(query: SearchQuery): void {
    if (this.#placeOf.length < this.#contents.limit) {
      this.#placeOf = new Int32Array(Math.ceil(this.#contents.limit * 1.25));
    }
    const lists = shortestLists(query, this.#words);
    let left = ENTRIES_EXAMINED_MAX;
    for (const word of lists) {
      const list = this.#words.entriesOf(word);
      this.#collectFrom(list.length > left ? list.subarray(0, left) : list, query, lists.length === 1);
      left -= list.length;
      if (left <= 0 || this.#count === MATCHES_MAX) return;
    }
  }

  /** @param alone - the only list: no entry can repeat */
  #collectFrom(list: Int32Array, query: SearchQuery, alone: boolean): void {
    const { rows } = this.#entries;
    const { words } = this.#entries;
    const places = this.#placeOf;
    // An index loop: an iterator over a typed array costs four times as much.
    for (let at = 0; at < list.length && this.#count < MATCHES_MAX; at++) {
      const entry = list[at] ?? 0;
      const cells = rows.slab(entry);
      if (cells === undefined) continue;
      const base = rows.offset(entry);
      const match = matchOf(query, cells, base, words);
      if (match === NO_MATCH || this.#shares.ownerOf(cells[base + SHARE] ?? 0) < 0) continue;
      const content = cells[base + CONTENT] ?? 0;
      const holders = this.#contents.entries(content);
      const score = hitScore(match, holders);
      // Most contents have one entry: skips a memory access that checks for an earlier match.
      const once = alone && holders === 1;
      let place = once ? -1 : (places[content] ?? 0) - 1;
      if (place < 0) {
        place = this.#count++;
        if (!once) places[content] = this.#count;
      } else if ((this.#scores[place] ?? 0) >= score) continue;
      this.#found[place] = entry;
      this.#scores[place] = score;
    }
  }

  /**
   * Counting sort by score, best first; equal scores in order of discovery.
   * @returns the end of each score in `#ranked`
   */
  #rank(): Int32Array {
    const starts = new Int32Array(SCORES + 1);
    for (let place = 0; place < this.#count; place++) {
      const worse = SCORES - (this.#scores[place] ?? 0);
      starts[worse] = (starts[worse] ?? 0) + 1;
    }
    for (let rank = 1; rank <= SCORES; rank++) starts[rank] = (starts[rank] ?? 0) + (starts[rank - 1] ?? 0);
    for (let place = 0; place < this.#count; place++) {
      const better = SCORES - (this.#scores[place] ?? 0) - 1;
      const at = starts[better] ?? 0;
      this.#ranked[at] = place;
      starts[better] = at + 1;
    }
    return starts; // Each has been moved to the end of its score.
  }

  /**
   * Moves the lowest ids of ranks `from` to `to`, all of equal score, to the front, and sorts them. Ids are hashes:
   * of thousands those that are likely among the first `wanted` are enough, a tenth of the work.
   * @returns the end of those sorted, above `from`
   */
  #orderById(from: number, to: number, wanted: number): number {
    const count = to - from;
    if (count === 1) return to;
    const pivot = Math.min(1, (2 * wanted) / count) * ID_STARTS * MATCHES_MAX;
    let low = from;
    for (let at = from; at < to; at++) {
      const place = this.#ranked[at] ?? 0;
      const content = this.#entries.cell(this.#found[place] ?? 0, CONTENT);
      const key = this.#contents.startOfId(content) * MATCHES_MAX + place;
      this.#keys[at] = key;
      if (key >= pivot) continue;
      this.#keys[at] = this.#keys[low] ?? 0;
      this.#keys[low++] = key;
    }
    const sorted = low > from ? low : to;
    this.#keys.subarray(from, sorted).sort();
    for (let at = from; at < to; at++) this.#ranked[at] = (this.#keys[at] ?? 0) % MATCHES_MAX;
    return sorted;
  }

  /** The best matches within the quota of each owner. @param ends - of the scores in `#ranked` */
  #choose(ends: Int32Array): number[] {
    const used = new Map<number, number>();
    const chosen: number[] = [];
    let rank = 0;
    for (const end of ends) {
      if (chosen.length === SEARCH_HITS_MAX) break;
      while (rank < end && chosen.length < SEARCH_HITS_MAX) {
        const sorted = this.#orderById(rank, end, SEARCH_HITS_MAX - chosen.length);
        for (; rank < sorted && chosen.length < SEARCH_HITS_MAX; rank++) {
          const place = this.#ranked[rank] ?? 0;
          const share = this.#shareWithRoom(this.#found[place] ?? 0, used);
          if (share < 0) continue;
          used.set(share, (used.get(share) ?? 0) + 1);
          chosen.push(place);
        }
      }
    }
    return chosen;
  }

  /** The first of a few holders of this content within its quota; -1: none. */
  #shareWithRoom(found: number, used: ReadonlyMap<number, number>): number {
    let entry = found;
    for (let steps = 0; entry >= 0 && steps < QUOTA_STEPS_MAX; steps++) {
      const share = this.#entries.cell(entry, SHARE);
      const isThere = this.#shares.ownerOf(share) >= 0;
      if (isThere && (used.get(share) ?? 0) < SEARCH_HITS_PER_PEER_MAX) return share;
      const content = this.#entries.cell(found, CONTENT);
      entry = steps === 0 ? this.#contents.first(content) : this.#entries.next('content', entry);
    }
    return -1;
  }

  #fileOf(entry: number): FoundFile {
    const content = this.#entries.cell(entry, CONTENT);
    const size = this.#contents.sizeOf(content);
    return { fileId: this.#contents.idOf(content), size, path: this.#entries.pathOf(entry), row: content };
  }

  #clear(): void {
    for (let place = 0; place < this.#count; place++) {
      this.#placeOf[this.#entries.cell(this.#found[place] ?? 0, CONTENT)] = 0;
    }
    this.#count = 0;
  }
}

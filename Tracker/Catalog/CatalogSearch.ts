import { SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../../Protocol/Limits.ts';
import type { ContentTable } from './ContentTable.ts';
import { CONTENT, type EntryTable, SHARE } from './EntryTable.ts';
import { matchOf, NO_MATCH, type SearchQuery, shortestLists, understand } from './SearchQuery.ts';
import type { FoundFile, FoundFiles } from './SharedFiles.ts';
import type { Shares } from './Shares.ts';
import type { WordIndex } from './WordIndex.ts';

/** Entries one search looks at: what keeps "mp3" among a million names within some milliseconds. */
const ENTRIES_EXAMINED_MAX = 65_536;
/** Files among which the best are chosen; a search ends when it has so many. */
const MATCHES_MAX = 4_096;
/** Holders asked for a free place when the first has its 50 hits. */
const QUOTA_STEPS_MAX = 16;

/** Scores count holders exactly up to here, then by doublings. */
const HOLDERS_EXACT = 32;
const SCORES_PER_MATCH = 64;
const SCORES = 3 * SCORES_PER_MATCH;

/** Searches the catalogs. Keeps its working memory from one search to the next: some kilobytes, and 4 bytes a content. */
export class CatalogSearch {
  readonly #words: WordIndex;
  readonly #entries: EntryTable;
  readonly #contents: ContentTable;
  readonly #shares: Shares;
  /** The best entry of each matching content, and its score, in the order they were found. */
  readonly #found = new Int32Array(MATCHES_MAX);
  readonly #scores = new Uint8Array(MATCHES_MAX);
  readonly #ranked = new Int32Array(MATCHES_MAX);
  #count = 0;
  /** For each content its place in `#found`, plus 1; all 0 between searches. */
  #placeOf = new Int32Array(0);

  constructor(words: WordIndex, entries: EntryTable, contents: ContentTable, shares: Shares) {
    this.#words = words;
    this.#entries = entries;
    this.#contents = contents;
    this.#shares = shares;
  }

  /**
   * The best files that match all `words`, the last one as a prefix: whole names first, then names, then folders;
   * within these the ones with more holders, then by path. One file for a content, SEARCH_HITS_MAX in all, and at
   * most SEARCH_HITS_PER_PEER_MAX for the sake of one owner.
   */
  search(words: readonly string[]): FoundFiles {
    const query = understand(words, this.#words);
    if (query === undefined) return { total: 0, files: [] };
    this.#collect(query);
    this.#rank();
    const files = this.#choose()
      .map((place) => ({ file: this.#fileOf(this.#found[place] ?? 0), score: this.#scores[place] ?? 0 }))
      .sort((a, b) => b.score - a.score || compare(a.file, b.file))
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

  /** @param alone - there is no other list, in which an entry could come again */
  #collectFrom(list: Int32Array, query: SearchQuery, alone: boolean): void {
    const { rows } = this.#entries;
    const words = this.#entries.words.cells;
    const places = this.#placeOf;
    // By index: iterating a typed array costs four times as much.
    for (let at = 0; at < list.length && this.#count < MATCHES_MAX; at++) {
      const entry = list[at] ?? 0;
      const cells = rows.slab(entry);
      if (cells === undefined) continue;
      const base = rows.offset(entry);
      const match = matchOf(query, cells, base, words);
      if (match === NO_MATCH || this.#shares.ownerOf(cells[base + SHARE] ?? 0) < 0) continue;
      const content = cells[base + CONTENT] ?? 0;
      const holders = this.#contents.entries(content);
      const score = match * SCORES_PER_MATCH + holderScore(holders);
      // Most contents are here once: no need to look, in yet another place of memory, whether they were found before.
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

  /** Sorts the places by score, the best first; of equal ones the first found (a counting sort). */
  #rank(): void {
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
  }

  /** The best places, with no owner in more than its share of them. */
  #choose(): number[] {
    const used = new Map<number, number>();
    const chosen: number[] = [];
    for (let rank = 0; rank < this.#count && chosen.length < SEARCH_HITS_MAX; rank++) {
      const place = this.#ranked[rank] ?? 0;
      const share = this.#shareWithRoom(this.#found[place] ?? 0, used);
      if (share < 0) continue;
      used.set(share, (used.get(share) ?? 0) + 1);
      chosen.push(place);
    }
    return chosen;
  }

  /** A holder of the same content that has hits left; -1: none among the first few. */
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
    return { fileId: this.#contents.idOf(content), size, path: this.#entries.pathOf(entry) };
  }

  #clear(): void {
    for (let place = 0; place < this.#count; place++) {
      this.#placeOf[this.#entries.cell(this.#found[place] ?? 0, CONTENT)] = 0;
    }
    this.#count = 0;
  }
}

function holderScore(holders: number): number {
  if (holders <= HOLDERS_EXACT) return holders;
  return Math.min(HOLDERS_EXACT + Math.floor(Math.log2(holders / HOLDERS_EXACT)), SCORES_PER_MATCH - 1);
}

function compare(one: FoundFile, other: FoundFile): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1;
  return one.fileId < other.fileId ? -1 : 1;
}

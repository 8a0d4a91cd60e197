import { SEARCH_HITS_MAX, SEARCH_HITS_PER_PEER_MAX } from '../Protocol/Limits.ts';
import type { ContentTable } from './ContentTable.ts';
import {
  CONTENT,
  type EntryTable,
  FIELDS,
  FLAGS,
  isAlive,
  nameWordCount,
  OWNER,
  WORDS,
  wordCount,
} from './EntryTable.ts';
import type { FoundFile, FoundFiles } from './SharedFiles.ts';
import type { WordIndex } from './WordIndex.ts';

/** Entries one search looks at: what keeps "mp3" among a million names within some milliseconds. */
const ENTRIES_EXAMINED_MAX = 200_000;
/** Words a prefix may stand for. */
const PREFIX_WORDS_MAX = 4_096;
/** Holders asked for a free place when the first has its 50 hits. */
const QUOTA_STEPS_MAX = 16;

/** How well an entry matches. */
const IN_FOLDERS = 0;
const IN_NAME = 1;
const WHOLE_NAME = 2;
/** Scores count holders exactly up to here, then by doublings. */
const HOLDERS_EXACT = 32;
const SCORES_PER_CLASS = 64;

/** What a word of an entry means for the query. */
const REQUIRED = 1; //   it is one of the words that must occur whole
const COMPLETES = 2; //  it begins with the last word
const IS_LAST = 4; //    it is the last word

interface Query {
  /** Words that must occur whole. */
  readonly required: readonly number[];
  /** Words of which one must occur: those that begin with the last word of the query. */
  readonly completing: readonly number[];
  /** What each word means, by its number; words beyond its end mean nothing. */
  readonly meaning: Uint8Array;
}

interface Candidate {
  readonly entry: number;
  readonly score: number;
}

/**
 * The best files that match all `words`, the last one as a prefix: whole names first, then names, then folders;
 * within these the ones with more holders, then by path. One file for a content, SEARCH_HITS_MAX in all, and at most
 * SEARCH_HITS_PER_PEER_MAX that only one owner has.
 */
export function searchCatalogs(
  words: readonly string[],
  index: WordIndex,
  entries: EntryTable,
  contents: ContentTable,
): FoundFiles {
  const query = understand(words, index);
  if (query === undefined) return { total: 0, files: [] };
  const candidates = collect(query, index, entries, contents);
  const files = choose(candidates, entries, contents)
    .map((candidate) => ({ ...describe(candidate, entries, contents), score: candidate.score }))
    .sort((a, b) => b.score - a.score || compare(a.path, b.path) || compare(a.fileId, b.fileId));
  return { total: candidates.size, files };
}

/** Undefined when some word occurs nowhere. */
function understand(words: readonly string[], index: WordIndex): Query | undefined {
  const last = words.at(-1);
  if (last === undefined) return undefined;
  const required = words.slice(0, -1).map((word) => index.find(word));
  const completing = index.startingWith(last, PREFIX_WORDS_MAX);
  if (required.includes(-1) || completing.length === 0) return undefined;
  const meaning = new Uint8Array(Math.max(...required, maximum(completing)) + 1);
  for (const word of completing) meaning[word] = COMPLETES;
  for (const word of required) meaning[word] = (meaning[word] ?? 0) | REQUIRED;
  const whole = index.find(last);
  if (whole >= 0) meaning[whole] = (meaning[whole] ?? 0) | IS_LAST;
  return { required, completing, meaning };
}

/** For each matching content its best entry, in the order in which they were found. */
function collect(
  query: Query,
  index: WordIndex,
  entries: EntryTable,
  contents: ContentTable,
): Map<number, Candidate> {
  const candidates = new Map<number, Candidate>();
  const cells = entries.cells;
  let left = ENTRIES_EXAMINED_MAX;
  for (const word of shortestLists(query, index)) {
    const list = index.entriesOf(word);
    const count = Math.min(list.length, left);
    for (let at = 0; at < count; at++) {
      const entry = list[at] ?? 0;
      const match = matchOf(query, cells, entry * FIELDS, entries.words.cells);
      if (match < 0) continue;
      const content = cells[entry * FIELDS + CONTENT] ?? 0;
      const score = match * SCORES_PER_CLASS + holderScore(contents.entries(content));
      const best = candidates.get(content);
      if (best === undefined || best.score < score) candidates.set(content, { entry, score });
    }
    left -= count;
    if (left === 0) break;
  }
  return candidates;
}

/** The lists that must hold every match, and are the least work: those of one required word, or of the prefix. */
function shortestLists(query: Query, index: WordIndex): readonly number[] {
  const lengths = query.required.map((word) => index.postings(word));
  const shortest = Math.min(...lengths);
  const completing = query.completing.reduce((sum, word) => sum + index.postings(word), 0);
  const word = query.required[lengths.indexOf(shortest)];
  return word !== undefined && shortest <= completing ? [word] : query.completing;
}

/** How well the entry at `base` matches; -1: not at all. */
function matchOf(query: Query, cells: Int32Array, base: number, words: Int32Array): number {
  const flags = cells[base + FLAGS] ?? 0;
  if (!isAlive(flags)) return -1;
  const block = cells[base + WORDS] ?? 0;
  const count = wordCount(flags);
  const nameWords = nameWordCount(flags);
  const needed = query.required.length;
  let required = 0;
  let completed = false;
  let lastWhole = false;
  let matchedInName = 0;
  for (let at = 0; at < count; at++) {
    const meaning = query.meaning[words[block + at] ?? 0] ?? 0;
    if (meaning !== 0) {
      if ((meaning & REQUIRED) !== 0) required++;
      if ((meaning & COMPLETES) !== 0) completed = true;
      if ((meaning & IS_LAST) !== 0) lastWhole = true;
      if (at < nameWords) matchedInName++;
    }
    if (at === nameWords - 1 && completed && required === needed) {
      // Whole, but for the extension: the last word of the name.
      const last = query.meaning[words[block + at] ?? 0] ?? 0;
      const unmatched = nameWords - matchedInName;
      return lastWhole && (unmatched === 0 || (unmatched === 1 && last === 0)) ? WHOLE_NAME : IN_NAME;
    }
  }
  return completed && required === needed ? IN_FOLDERS : -1;
}

function holderScore(holders: number): number {
  if (holders <= HOLDERS_EXACT) return holders;
  return Math.min(HOLDERS_EXACT + Math.floor(Math.log2(holders / HOLDERS_EXACT)), SCORES_PER_CLASS - 1);
}

/** The best candidates, with no owner's own files in more than its share of places. */
function choose(
  candidates: ReadonlyMap<number, Candidate>,
  entries: EntryTable,
  contents: ContentTable,
): Candidate[] {
  const byScore: Candidate[][] = [];
  for (const candidate of candidates.values()) {
    byScore[candidate.score] ??= [];
    byScore[candidate.score]?.push(candidate);
  }
  const used = new Map<number, number>();
  const chosen: Candidate[] = [];
  for (const group of byScore.reverse()) {
    for (const candidate of group ?? []) {
      if (chosen.length === SEARCH_HITS_MAX) return chosen;
      const owner = ownerWithRoom(candidate, used, entries, contents);
      if (owner < 0) continue;
      used.set(owner, (used.get(owner) ?? 0) + 1);
      chosen.push(candidate);
    }
  }
  return chosen;
}

/** A holder of the content that has places left; -1: none among the first few. */
function ownerWithRoom(
  candidate: Candidate,
  used: ReadonlyMap<number, number>,
  entries: EntryTable,
  contents: ContentTable,
): number {
  let entry = candidate.entry;
  for (let steps = 0; entry >= 0 && steps < QUOTA_STEPS_MAX; steps++) {
    const owner = entries.cell(entry, OWNER);
    if ((used.get(owner) ?? 0) < SEARCH_HITS_PER_PEER_MAX) return owner;
    entry =
      steps === 0 ? contents.first(entries.cell(candidate.entry, CONTENT)) : entries.next('content', entry);
  }
  return -1;
}

function describe(candidate: Candidate, entries: EntryTable, contents: ContentTable): FoundFile {
  const content = entries.cell(candidate.entry, CONTENT);
  return {
    fileId: contents.idOf(content),
    size: contents.sizeOf(content),
    path: entries.pathOf(candidate.entry),
  };
}

function maximum(numbers: readonly number[]): number {
  return numbers.reduce((largest, number) => Math.max(largest, number), -1);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

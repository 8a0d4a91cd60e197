import { FLAGS, isAlive, nameWordCount, WORDS, wordCount } from './EntryTable.ts';
import type { WordIndex } from './WordIndex.ts';

/** Words a prefix may stand for. */
const PREFIX_WORDS_MAX = 4_096;

/** How well an entry matches; NO_MATCH is below all. */
export const NO_MATCH = -1;
const IN_FOLDERS = 0;
const IN_NAME = 1;
const WHOLE_NAME = 2;

/** What a word of an entry means for the query. */
const REQUIRED = 1; //   it is one of the words that must occur whole
const COMPLETES = 2; //  it begins with the last word
const IS_LAST = 4; //    it is the last word

/** The words of a query as numbers of the word index. */
export interface SearchQuery {
  /** Words that must occur whole. */
  readonly required: readonly number[];
  /** Words of which one must occur: those that begin with the last word of the query. */
  readonly completing: readonly number[];
  /** What each word means, by its number; words beyond its end mean nothing. */
  readonly meaning: Uint8Array;
}

/** Undefined when some word occurs nowhere. @param words - all must match, the last one as a prefix */
export function understand(words: readonly string[], index: WordIndex): SearchQuery | undefined {
  const last = words.at(-1);
  if (last === undefined) return undefined;
  const required = words.slice(0, -1).map((word) => index.find(word));
  const completing = index.startingWith(last, PREFIX_WORDS_MAX);
  if (required.includes(-1) || completing.length === 0) return undefined;
  const highest = [...required, ...completing].reduce((high, word) => Math.max(high, word), 0);
  const meaning = new Uint8Array(highest + 1);
  for (const word of completing) meaning[word] = COMPLETES;
  for (const word of required) meaning[word] = (meaning[word] ?? 0) | REQUIRED;
  const whole = index.find(last);
  if (whole >= 0) meaning[whole] = (meaning[whole] ?? 0) | IS_LAST;
  return { required, completing, meaning };
}

/** The words whose lists together hold every match, and are the least work: a required word, or those of the prefix. */
export function shortestLists(query: SearchQuery, index: WordIndex): readonly number[] {
  const lengths = query.required.map((word) => index.postings(word));
  const shortest = Math.min(...lengths);
  const completing = query.completing.reduce((sum, word) => sum + index.postings(word), 0);
  const word = query.required[lengths.indexOf(shortest)];
  return word !== undefined && shortest <= completing ? [word] : query.completing;
}

/**
 * How well an entry matches.
 * @param cells - of the entry table; the entry's row begins at `base`
 * @param words - the numbers of the words of all entries
 */
export function matchOf(query: SearchQuery, cells: Int32Array, base: number, words: Int32Array): number {
  const flags = cells[base + FLAGS] ?? 0;
  if (!isAlive(flags)) return NO_MATCH;
  const block = cells[base + WORDS] ?? 0;
  const count = wordCount(flags);
  const nameWords = nameWordCount(flags);
  const { meaning } = query;
  const needed = query.required.length;
  let seen = 0;
  let required = 0;
  let matchedInName = 0;
  for (let at = 0; at < count; at++) {
    const word = words[block + at] ?? 0;
    const means = word < meaning.length ? (meaning[word] ?? 0) : 0;
    if (means !== 0) {
      seen |= means;
      required += means & REQUIRED;
      if (at < nameWords) matchedInName++;
    }
    if (at !== nameWords - 1 || required !== needed || (seen & COMPLETES) === 0) continue;
    // Whole, but for the extension: the last word of the name.
    const unmatched = nameWords - matchedInName;
    const whole = unmatched === 0 || (unmatched === 1 && means === 0);
    return whole && (seen & IS_LAST) !== 0 ? WHOLE_NAME : IN_NAME;
  }
  return required === needed && (seen & COMPLETES) !== 0 ? IN_FOLDERS : NO_MATCH;
}

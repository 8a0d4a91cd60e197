import { IN_FOLDERS, IN_NAME, NO_MATCH, WHOLE_NAME } from '../../Protocol/WordMatch.ts';
import { FLAGS, isAlive, nameWordCount, WORDS, wordCount } from './EntryTable.ts';
import type { IntArena } from './IntArena.ts';
import type { WordIndex } from './WordIndex.ts';

/** Words that a prefix may expand to. */
const PREFIX_WORDS_MAX = 4_096;

/** Bits: the role of a word in the query. */
const REQUIRED = 1; //   must occur whole
const COMPLETES = 2; //  begins with the last word
const IS_LAST = 4; //    equals the last word

/** The words of a query as numbers of the word index. */
export interface SearchQuery {
  /** Words that must occur whole. */
  readonly required: readonly number[];
  /** Words that begin with the last word of the query: one of them must occur. */
  readonly completing: readonly number[];
  /** Role of each word, by its number. Words beyond the end have none. */
  readonly meaning: Uint8Array;
}

/**
 * Resolves the words of a query; undefined when one occurs nowhere.
 * @param words - all must match, the last as a prefix
 */
export function resolveQuery(words: readonly string[], index: WordIndex): SearchQuery | undefined {
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

/** The words whose lists contain every match at the least cost: one required word, or all words of the prefix. */
export function shortestLists(query: SearchQuery, index: WordIndex): readonly number[] {
  const lengths = query.required.map((word) => index.postings(word));
  const shortest = Math.min(...lengths);
  const completing = query.completing.reduce((sum, word) => sum + index.postings(word), 0);
  const word = query.required[lengths.indexOf(shortest)];
  return word !== undefined && shortest <= completing ? [word] : query.completing;
}

/**
 * The quality of an entry's match.
 * @param cells - of the entry table; the entry's row begins at `base`
 * @param arena - the numbers of the words of all entries
 */
export function matchOf(query: SearchQuery, cells: Int32Array, base: number, arena: IntArena): number {
  const flags = cells[base + FLAGS] ?? 0;
  if (!isAlive(flags)) return NO_MATCH;
  const block = cells[base + WORDS] ?? 0;
  const words = arena.slab(block);
  const from = arena.offset(block);
  const count = wordCount(flags);
  const nameWords = nameWordCount(flags);
  const { meaning } = query;
  const needed = query.required.length;
  let seen = 0;
  let required = 0;
  let matchedInName = 0;
  for (let at = 0; at < count; at++) {
    const word = words[from + at] ?? 0;
    const means = word < meaning.length ? (meaning[word] ?? 0) : 0;
    if (means !== 0) {
      seen |= means;
      required += means & REQUIRED;
      if (at < nameWords) matchedInName++;
    }
    if (at !== nameWords - 1 || required !== needed || (seen & COMPLETES) === 0) continue;
    // Whole except for the extension, the last word of the name.
    const unmatched = nameWords - matchedInName;
    const whole = unmatched === 0 || (unmatched === 1 && means === 0);
    return whole && (seen & IS_LAST) !== 0 ? WHOLE_NAME : IN_NAME;
  }
  return required === needed && (seen & COMPLETES) !== 0 ? IN_FOLDERS : NO_MATCH;
}

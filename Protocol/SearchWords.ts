import { QUERY_BYTES_MAX, QUERY_CHARS_MIN } from './Limits.ts';

/** Longer words are truncated, in names and in queries. In UTF-16 units. */
export const WORD_LENGTH_MAX = 48;
/** Indexed words of a path: those of the name first, then of the nearest folders. */
const PATH_WORDS_MAX = 64;

/** Letters that keep their stroke or ligature under NFKD. */
const PLAIN: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
};

/** Scripts without spaces between words: each character is a word, so that parts of a title match. */
const SINGLE = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}';
const WORDS = new RegExp(`[${SINGLE}]|(?:(?![${SINGLE}])[\\p{L}\\p{N}])+`, 'gu');
const ASCII_WORDS = /[a-z0-9]+/g;
const ASCII = /^[\u0000-\u007f]*$/;

/** Text for comparison: without case, accents, ligatures, width and compatibility variants. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[æœøłđðþħıς]/g, (letter) => PLAIN[letter] ?? letter);
}

/** The folded words of a text, in order, with repetitions. */
export function wordsOf(text: string): string[] {
  const folded = fold(text);
  const words = folded.match(ASCII.test(folded) ? ASCII_WORDS : WORDS) ?? [];
  return words.map((word) => (word.length > WORD_LENGTH_MAX ? word.slice(0, WORD_LENGTH_MAX) : word));
}

/** The search terms of the file name in a path, in order, without repetitions: the first of `wordsOfPath`. */
export function wordsOfName(path: string): string[] {
  const words = segmentWords(path.slice(path.lastIndexOf('/') + 1));
  return [...new Set(words)].slice(0, PATH_WORDS_MAX);
}

/** The search terms of a path, without repetitions. The first `nameWords` are those of the file name, in order. */
export function wordsOfPath(path: string): { words: string[]; nameWords: number } {
  const segments = path.split('/').reverse();
  const words = new Set<string>();
  let nameWords = 0;
  for (const [depth, segment] of segments.entries()) {
    for (const word of segmentWords(segment)) {
      if (words.size < PATH_WORDS_MAX) words.add(word);
    }
    if (depth === 0) nameWords = words.size;
  }
  return { words: [...words], nameWords };
}

/** The words of a file or folder name. A name of signs only is one word, so that every name can be searched. */
export function segmentWords(segment: string): string[] {
  const words = wordsOf(segment);
  const whole = fold(segment).trim().slice(0, WORD_LENGTH_MAX);
  return words.length > 0 || whole === '' ? words : [whole];
}

/** The words of a query, without repetitions: all must match, the last one as a prefix. */
export function wordsOfQuery(query: string): string[] {
  return [...new Set(query.split('/').flatMap(segmentWords))];
}

/**
 * A query of at most QUERY_BYTES_MAX. Of a longer text, such as the path of a file, only the last words that fit:
 * those of its name. It finds more, and no less.
 */
export function fittingQuery(query: string): string {
  if (Buffer.byteLength(query) <= QUERY_BYTES_MAX) return query;
  let fitting = '';
  for (const word of wordsOfQuery(query).reverse()) {
    const longer = fitting === '' ? word : `${word} ${fitting}`;
    if (Buffer.byteLength(longer) > QUERY_BYTES_MAX) break;
    fitting = longer;
  }
  return fitting;
}

/** Whether a query has at least QUERY_CHARS_MIN characters: a shorter one matches nearly everything. */
export function isSearchable(query: string): boolean {
  return [...wordsOfQuery(query).join('')].length >= QUERY_CHARS_MIN;
}

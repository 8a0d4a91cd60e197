import { wordsOfPath, wordsOfQuery } from '../../Protocol/SearchWords.ts';

/** A `-` before a word, at the start of the text or after white space: `song - live` and `b-side` have none. */
const EXCLUSION = /(?<!\S)-(?=[\p{L}\p{N}])(\S+)/gu;

/** What a user searches for. */
export interface Search {
  /** Without the exclusions: trackers and peers do not know them. */
  readonly words: string;
  /** Whether a file with this path is left out. */
  readonly excludes: (path: string) => boolean;
}

/** Separates the words that a file must not have, like `-live`, from those that it must have. */
export function readSearch(text: string): Search {
  const excluded = Array.from(text.matchAll(EXCLUSION), ([, word = '']) => wordsOfQuery(word));
  if (excluded.length === 0) return { words: text, excludes: () => false };
  return {
    words: text.replace(EXCLUSION, ''),
    excludes: (path) => {
      const { words } = wordsOfPath(path);
      return excluded.some((together) => together.every((word) => words.includes(word)));
    },
  };
}

import type { RelayedFile, RelayQuestion } from './RelayMessages.ts';
import { wordsOfName, wordsOfPath, wordsOfQuery } from './SearchWords.ts';

/** Shortest prefix of a FileId accepted as a query, in hex digits. */
export const ID_PREFIX_CHARS_MIN = 8;

/** Quality of a match, ascending. */
export const NO_MATCH = -1;
export const IN_FOLDERS = 0;
export const IN_NAME = 1;
export const WHOLE_NAME = 2;

/**
 * All words must be words of the path, the last one a prefix of one. The name is whole if only its last word, the
 * extension, is not asked for. The index of the tracker has the same rules (`matchOf`).
 */
export function matchOfPath(words: readonly string[], path: string): number {
  const last = words.at(-1);
  if (last === undefined) return NO_MATCH;
  // Most matches are in the name: the folders are read only if they are needed.
  const name = wordsOfName(path);
  if (!holdAll(name, words, last)) {
    return holdAll(wordsOfPath(path).words, words, last) ? IN_FOLDERS : NO_MATCH;
  }
  const [first, ...more] = name.filter((word) => !word.startsWith(last) && !words.includes(word));
  const isWhole = first === undefined || (more.length === 0 && first === name.at(-1));
  return isWhole && name.includes(last) ? WHOLE_NAME : IN_NAME;
}

/** Whether a query is a prefix of this FileId. */
export function isStartOfId(query: string, fileId: string): boolean {
  const start = query.trim().toLowerCase();
  return start.length >= ID_PREFIX_CHARS_MIN && fileId.startsWith(start);
}

/** Whether a file matches a relayed question. Peers' answers are filtered by it. */
export function answers(question: RelayQuestion, { fileId, path }: RelayedFile): boolean {
  if (question.fileId !== undefined) return question.fileId === fileId;
  return matchOfPath(wordsOfQuery(question.words), path) !== NO_MATCH || isStartOfId(question.words, fileId);
}

function holdAll(known: readonly string[], words: readonly string[], last: string): boolean {
  return (
    words.slice(0, -1).every((word) => known.includes(word)) && known.some((word) => word.startsWith(last))
  );
}

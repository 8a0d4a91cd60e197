import type { RelayedFile, RelayQuestion } from './RelayMessages.ts';
import { wordsOf, wordsOfPath, wordsOfQuery } from './SearchWords.ts';

/** Shortest prefix of a FileId accepted as a query, in hex digits. */
export const ID_PREFIX_CHARS_MIN = 8;

/** Quality of a match, ascending. */
export const NO_MATCH = -1;
export const IN_FOLDERS = 0;
export const IN_NAME = 1;
export const WHOLE_NAME = 2;

/** All words must be words of the path, the last one a prefix of one. The tracker's index has the same rule. */
export function matchOfPath(words: readonly string[], path: string): number {
  const last = words.at(-1);
  if (last === undefined) return NO_MATCH;
  const known = wordsOfPath(path);
  if (!holdAll(known.words, words, last)) return NO_MATCH;
  const name = known.words.slice(0, known.nameWords);
  if (!holdAll(name, words, last)) return IN_FOLDERS;
  const extension = wordsOf(path.slice(path.lastIndexOf('.') + 1));
  const unmatched = name.filter((word) => !words.includes(word));
  return unmatched.every((word) => extension.includes(word)) ? WHOLE_NAME : IN_NAME;
}

/** Whether a query is a prefix of this FileId. */
function isStartOfId(query: string, fileId: string): boolean {
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

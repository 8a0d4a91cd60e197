import { wordsOfQuery } from './SearchWords.ts';
import { matchOfPath } from './WordMatch.ts';

/** Number of holders up to which scores are exact; above, they count doublings. */
const HOLDERS_EXACT = 32;
/** Scores of one quality of match. */
export const SCORES_PER_MATCH = 64;

/** Score of a hit, higher is better: by the quality of its match (`matchOfPath`), then by its holders. */
export function hitScore(match: number, holders: number): number {
  const score =
    holders <= HOLDERS_EXACT ? holders : HOLDERS_EXACT + Math.floor(Math.log2(holders / HOLDERS_EXACT));
  return match * SCORES_PER_MATCH + Math.min(score, SCORES_PER_MATCH - 1);
}

/** Order of equal scores: by path, then by content. */
export function compareFiles(
  one: { readonly path: string; readonly fileId: string },
  other: { readonly path: string; readonly fileId: string },
): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1;
  return one.fileId < other.fileId ? -1 : 1;
}

/** Sorts hits of several trackers as one tracker with all of them would. */
export function rankHits<
  T extends { readonly path: string; readonly fileId: string; readonly holderCount: number },
>(query: string, hits: readonly T[]): T[] {
  const words = wordsOfQuery(query);
  return hits
    .map((hit) => ({ hit, score: hitScore(matchOfPath(words, hit.path), hit.holderCount) }))
    .sort((a, b) => b.score - a.score || compareFiles(a.hit, b.hit))
    .map(({ hit }) => hit);
}

import { SEARCH_HITS_MAX } from './Limits.ts';
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

/** A hit as far as its order goes. */
interface Listed {
  readonly path: string;
  readonly fileId: string;
  readonly holderCount: number;
}

/** Order of equal scores in a list: by path, then by content. */
export function compareFiles(one: Omit<Listed, 'holderCount'>, other: Omit<Listed, 'holderCount'>): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1;
  return one.fileId < other.fileId ? -1 : 1;
}

/** Chooses and sorts the hits of several trackers as one tracker with all of them would: at most SEARCH_HITS_MAX. */
export function rankHits<T extends Listed>(query: string, hits: readonly T[]): T[] {
  const words = wordsOfQuery(query);
  return chooseHits(hits.map((hit) => ({ hit, match: matchOfPath(words, hit.path) })));
}

/**
 * The best SEARCH_HITS_MAX hits, in the order of a list. Of equal scores those with the lowest ids are chosen: an
 * order without meaning that all trackers share.
 * @param matched - hits with the quality of their match (`matchOfPath`)
 */
export function chooseHits<T extends Listed>(
  matched: readonly { readonly hit: T; readonly match: number }[],
): T[] {
  const scored = matched.map(({ hit, match }) => ({ hit, score: hitScore(match, hit.holderCount) }));
  if (scored.length > SEARCH_HITS_MAX) {
    scored.sort((one, other) => other.score - one.score || (one.hit.fileId < other.hit.fileId ? -1 : 1));
    scored.length = SEARCH_HITS_MAX;
  }
  scored.sort((one, other) => other.score - one.score || compareFiles(one.hit, other.hit));
  return scored.map(({ hit }) => hit);
}

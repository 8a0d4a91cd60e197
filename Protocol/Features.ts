/**
 * Bits of `features`. `answersQueries`: accepts `query`. `suggests`: sends and follows `suggest`. `bundles`: answers
 * `bundle` on lanes. `turns`: accepts `lineUp` on lanes.
 */
export const FEATURES = { answersQueries: 1, suggests: 2, bundles: 4, turns: 8 } as const;

/** Features of this program. @param answers - whether it accepts `query` */
export function ownFeatures(answers: boolean): number {
  return FEATURES.suggests | FEATURES.bundles | FEATURES.turns | (answers ? FEATURES.answersQueries : 0);
}

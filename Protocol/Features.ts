/** Bits of `features`. `answersQueries`: it may be asked by `query`. `suggests`: it follows `suggest`, and makes some.
 * `bundles`: it answers `bundle` on its lanes. `turns`: it takes `lineUp` on its lanes. */
export const FEATURES = { answersQueries: 1, suggests: 2, bundles: 4, turns: 8 } as const;

/** What we can do. @param answers - whether we answer questions */
export function ownFeatures(answers: boolean): number {
  return FEATURES.suggests | FEATURES.bundles | FEATURES.turns | (answers ? FEATURES.answersQueries : 0);
}

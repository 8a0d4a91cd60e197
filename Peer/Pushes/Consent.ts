/**
 * Whose pushes are taken: everybody's, those of trusted peers, nobody's; `ask`: those of trusted peers, and a person decides about
 * the others.
 */
export type AcceptPolicy = 'all' | 'known' | 'none' | 'ask';

/** What to do with an offer. @param trusted - the user said "always" to this peer */
export function decideConsent(policy: AcceptPolicy, trusted: boolean): 'accept' | 'ask' | 'refuse' {
  if (policy === 'all') return 'accept';
  if (policy === 'none') return 'refuse';
  if (trusted) return 'accept';
  return policy === 'ask' ? 'ask' : 'refuse';
}

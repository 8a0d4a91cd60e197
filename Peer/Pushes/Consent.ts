/**
 * Policy for pushes to us: accept all; only those of trusted peers (`known`); none; or trusted peers, and `ask` about
 * others.
 */
export type AcceptPolicy = 'all' | 'known' | 'none' | 'ask';

/** Decides on an offer. @param trusted - whether the user accepted this peer for good */
export function decideConsent(policy: AcceptPolicy, trusted: boolean): 'accept' | 'ask' | 'refuse' {
  if (policy === 'all') return 'accept';
  if (policy === 'none') return 'refuse';
  if (trusted) return 'accept';
  return policy === 'ask' ? 'ask' : 'refuse';
}

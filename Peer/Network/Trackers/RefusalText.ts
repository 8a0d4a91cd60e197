import type { RefusalReason } from '../../../Protocol/TrackerMessages.ts';

/** What a tracker's refusal means to people. */
export function refusalText(reason: RefusalReason): string {
  return texts[reason];
}

const texts: Readonly<Record<RefusalReason, string>> = {
  'bad-cookie': 'the tracker refused our cookie',
  'unknown-peer': 'the tracker does not know us any more',
  'wrong-owner': 'the tracker still knows us at another address',
  full: 'the tracker is full',
  'too-many': 'the tracker says we ask too often',
  'bad-request': 'the tracker did not take the request',
};

import type { RefusalReason } from '../../../Protocol/TrackerMessages.ts';

/** Describes a tracker's refusal for messages. */
export function refusalText(reason: RefusalReason): string {
  return texts[reason];
}

const texts: Readonly<Record<RefusalReason, string>> = {
  'bad-cookie': 'the tracker refused the connection id',
  'unknown-peer': 'the tracker dropped this peer from its registry',
  'wrong-owner': 'the tracker still has this peer registered at another address',
  full: 'the tracker is full',
  'too-many': 'the tracker limits the rate of requests',
  'bad-request': 'the tracker rejected the request as malformed',
};

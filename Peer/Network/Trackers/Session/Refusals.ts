import type { RefusalReason } from '../../../../Protocol/TrackerMessages.ts';
import type { Purpose } from './SessionTypes.ts';

/** Reaction to a refused request. */
export type Reaction =
  /** Repeat the request with a new cookie. */
  | 'renew cookie'
  /** Repeat the request later. */
  | 'slow down'
  /** Count the tracker as lost. */
  | 'lose'
  /** Register again, then repeat the request. */
  | 'register'
  /** Publish no page until the tracker answers the next heartbeat. */
  | 'pause pages'
  /** Report the error of the query. */
  | 'fail'
  | 'ignore';

export function reactionTo(reason: RefusalReason, refused: Purpose['kind']): Reaction {
  if (reason === 'bad-cookie' && refused !== 'connect') return 'renew cookie';
  if (reason === 'too-many') return 'slow down';
  if (refused === 'heartbeat') return 'lose';
  if (refused === 'connect' || refused === 'leave') return 'ignore';
  // A token is valid for one source address: the next heartbeat proves the key again.
  if (reason === 'unknown-peer' || (refused === 'page' && reason === 'wrong-owner')) return 'register';
  return refused === 'page' ? 'pause pages' : 'fail';
}

/** Reason of a tracker that does not answer. Any other reason is a refusal, or a name without an address. */
export const SILENT = 'it does not answer';

/** Describes a tracker's refusal for messages. */
export function refusalText(reason: RefusalReason): string {
  return texts[reason];
}

const texts: Readonly<Record<RefusalReason, string>> = {
  'bad-cookie': 'the tracker refused the connection id',
  'unknown-peer': 'the tracker dropped this peer from its registry',
  'wrong-owner': 'the tracker has this peer registered at another address, or a later start of it',
  full: 'the tracker is full',
  'too-many': 'the tracker limits the rate of requests',
  'bad-request': 'the tracker does not know this request: it may run an older Shoal, which must be updated',
  'too-old': 'the tracker runs a newer Shoal: update this one',
  'bad-proof': 'the tracker cannot verify the key of this peer',
  'clock-ahead':
    'the clock of this computer is more than a day ahead of that of the tracker: set the wrong one, then start again',
  other: 'the tracker refused the request',
};

import { type Decoded, oneOfOrOther } from './Codec.ts';

/**
 * Reason of a refusal. `changed`: the file has changed since it was hashed; not the source's fault. `already-have`:
 * the offered file is there. `unanswered`: the user did not answer an offer in time.
 */
export const refusalCode = oneOfOrOther(
  'not-found',
  'changed',
  'busy',
  'denied',
  'failed',
  'cancelled',
  'already-have',
  'unanswered',
);
export type RefusalCode = Decoded<typeof refusalCode>;

/**
 * Reason for the end of a link. `too-old`: the receiver of this message speaks an older version than its sender;
 * `too-new`: a newer one.
 */
export const byeReason = oneOfOrOther(
  'closing',
  'duplicate',
  'self',
  'idle',
  'protocol',
  'banned',
  'full',
  'too-old',
  'too-new',
);
export type ByeReason = Decoded<typeof byeReason>;

import { ShoalError } from '../../Shared/ShoalError.ts';
import type { AcceptPolicy } from './Consent.ts';

/** Failures of offers by clients without a peer id. Their text is for both sides. */

export function strangersRefused(policy: AcceptPolicy): ShoalError {
  const what =
    policy === 'known' ? 'this peer takes files from known peers only' : 'this peer takes no files';
  return new ShoalError('REFUSED', what, {
    hint: 'Its owner can start it with --accept ask or --accept all.',
  });
}

export function notTaken(code: 'denied' | 'unanswered'): ShoalError {
  if (code === 'denied') return new ShoalError('REFUSED', 'the owner of this peer refused the file');
  return new ShoalError('TIMEOUT', 'nobody at this peer answered the offer', {
    hint: 'Ask its owner, and send it again.',
  });
}

export function tooManyOffers(): ShoalError {
  return new ShoalError('BUSY', 'this peer has too many pending offers', { hint: 'Send it again later.' });
}

export function notProven(number: number): ShoalError {
  return new ShoalError('USAGE', `offer ${number} is from a browser, which cannot prove who it is`, {
    hint: (command) => `Accept this one: ${command(`accept ${number}`)}`,
  });
}

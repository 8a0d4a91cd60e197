import type { RefusalCode } from '../../Protocol/PeerMessages.ts';
import { formatAddress } from '../../Shared/Network/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { PeerContact } from '../Model.ts';

/** Failures of a push, for the user. Names come from strangers: print them through safeText. */

export function refusal(code: RefusalCode, path: string, peer: PeerContact): ShoalError {
  const who = nameOf(peer);
  switch (code) {
    case 'unanswered':
      return new ShoalError('TIMEOUT', `the offer of ${path} timed out: no answer from ${who}`, {
        hint: 'Ask its user to type "accept" while the offer is pending, or to start the peer with --accept all.',
      });
    case 'busy':
      return new ShoalError('REFUSED', `${who} has too many pending offers`, { hint: 'Try again later.' });
    case 'cancelled':
      return new ShoalError('REFUSED', `${who} cancelled the download of ${path}`);
    case 'failed':
      return new ShoalError('REFUSED', `${who} could not store ${path}`, {
        hint: 'Its disk may be full: see the messages of that peer.',
      });
    default:
      return new ShoalError('REFUSED', `${who} refused ${path}`, {
        hint: 'A peer accepts pushes when its user types "accept", or when it runs with --accept all.',
      });
  }
}

/** The peer disconnected during the push. */
export function disconnected(path: string, peer: PeerContact, cause: ShoalError): ShoalError {
  const code = cause.code === 'TIMEOUT' ? 'TIMEOUT' : 'UNREACHABLE';
  return new ShoalError(
    code,
    `${nameOf(peer)} disconnected before it confirmed all of ${path}: ${cause.message}`,
    {
      hint: 'Send it again: the receiver keeps the chunks that arrived.',
      cause,
    },
  );
}

/** The push was accepted, and stalled. */
export function stalled(path: string, peer: PeerContact): ShoalError {
  return new ShoalError('TIMEOUT', `the push of ${path} to ${nameOf(peer)} stalled`, {
    hint: 'Its download may be paused or queued. Send it again later: the receiver keeps the chunks that arrived.',
  });
}

/** The name, or the address if there is none. */
function nameOf({ name, address }: PeerContact): string {
  return name === '' ? formatAddress(address) : name;
}

import type { RefusalCode } from '../../Protocol/PeerMessages.ts';
import { formatAddress } from '../../Shared/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { PeerContact } from '../Model.ts';

/** Failures of a push, for the user. Names come from strangers: print them through safeText. */

export function refusal(code: RefusalCode, path: string, peer: PeerContact): ShoalError {
  const who = nameOf(peer);
  switch (code) {
    case 'unanswered':
      return new ShoalError('TIMEOUT', `nobody at ${who} answered the offer of ${path}`, {
        hint: 'There, "accept" takes it while it waits; --accept all takes everything.',
      });
    case 'busy':
      return new ShoalError('REFUSED', `${who} has too many offers to answer`, { hint: 'Try again later.' });
    case 'cancelled':
      return new ShoalError('REFUSED', `${who} cancelled the download of ${path}`);
    case 'failed':
      return new ShoalError('REFUSED', `${who} could not take ${path}`, {
        hint: 'Its disk may be full; its own messages say more.',
      });
    default:
      return new ShoalError('REFUSED', `${who} does not take ${path}`, {
        hint: 'A peer takes pushes when its user says "accept", or when it was started with --accept all.',
      });
  }
}

/** The peer disconnected during the push. */
export function disconnected(path: string, peer: PeerContact, cause: ShoalError): ShoalError {
  const code = cause.code === 'TIMEOUT' ? 'TIMEOUT' : 'UNREACHABLE';
  return new ShoalError(
    code,
    `${nameOf(peer)} is gone before it confirmed all of ${path}: ${cause.message}`,
    {
      hint: 'Send it again: what arrived is kept there.',
      cause,
    },
  );
}

/** The push was accepted, and stalled. */
export function stalled(path: string, peer: PeerContact): ShoalError {
  return new ShoalError('TIMEOUT', `${nameOf(peer)} confirms nothing more of ${path}`, {
    hint: 'Its download may be paused or wait for others; send it again later: what arrived is kept there.',
  });
}

/** The name, or the address if there is none. */
export function nameOf({ name, address }: PeerContact): string {
  return name === '' ? formatAddress(address) : name;
}

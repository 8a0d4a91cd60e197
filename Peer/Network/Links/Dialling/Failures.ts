import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';

export function anotherPeer(address: Address): ShoalError {
  return new ShoalError('UNREACHABLE', `another peer answers at ${formatAddress(address)}`, {
    hint: 'The peer may have another address now: search again.',
  });
}

/** @param isSilent - the last dial was accepted and not answered */
export function notDialledYet(address: Address, waitMs: number, isSilent: boolean): ShoalError {
  const seconds = Math.ceil(waitMs / 1_000);
  const code = isSilent ? 'TIMEOUT' : 'UNREACHABLE';
  return new ShoalError(code, `${formatAddress(address)} did not answer: dialled again in ${seconds} s`);
}

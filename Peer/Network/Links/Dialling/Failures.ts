import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';

export function anotherPeer(address: Address): ShoalError {
  return new ShoalError('UNREACHABLE', `another peer answers at ${formatAddress(address)}`, {
    hint: 'The peer may have another address now: search again.',
  });
}

export function notDialledYet(address: Address, waitMs: number): ShoalError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new ShoalError(
    'UNREACHABLE',
    `${formatAddress(address)} did not answer: dialled again in ${seconds} s`,
  );
}

import type { Address } from '../Shared/Address.ts';

/** A datagram to send. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: Address;
}

import { type Address, isDialable } from '../../../../Shared/Network/Address.ts';

/** Lowest port of a Shoal peer: a named peer below would probably be an attack on another service. */
const PORT_MIN = 1_024;

/** Whether a named address may be that of a peer. */
export function mayDial(address: Address): boolean {
  return isDialable(address) && address.port >= PORT_MIN;
}

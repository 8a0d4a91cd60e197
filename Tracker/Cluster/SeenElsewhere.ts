import { type Address, isLoopback } from '../../Shared/Network/Address.ts';

/**
 * A peer as another tracker has to name it: one that is reached at this tracker's own computer has the address of
 * that. Trackers that all run on loopback share a computer, and pass it on as it is.
 */
export function seenElsewhere<T extends { readonly address: Address; readonly onTrackerHost: boolean }>(
  peer: T,
  own: Address,
): T {
  if (!peer.onTrackerHost || isLoopback(own.host)) return peer;
  return { ...peer, address: { host: own.host, port: peer.address.port }, onTrackerHost: false };
}

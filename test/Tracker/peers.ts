import type { InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import type { RequestOf } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { PeerRegistry } from '../../Tracker/Peers/PeerRegistry.ts';
import type { RegisteredPeer } from '../../Tracker/Peers/RegisteredPeer.ts';

export const TABLE_KEY = [0x01234567, 0x89abcdef] as const;

/** The id of the peer with this number. */
export function idOf(number: number): PeerId {
  return number.toString(16).padStart(64, '0') as PeerId;
}

/** Instance id of the `run`-th start of a peer: later ones are greater. */
export function runOf(run: number): InstanceId {
  return run.toString(16).padStart(16, '0') as InstanceId;
}

export function heartbeatOf(
  number: number,
  changes: Partial<RequestOf<'heartbeat'>> = {},
): RequestOf<'heartbeat'> {
  return {
    type: 'heartbeat',
    peerId: idOf(number),
    instanceId: runOf(1),
    port: 9_000 + (number % 1_000),
    name: `peer ${number}`,
    catalogVersion: 0,
    files: 0,
    bytes: 0,
    uploads: 0,
    token: NO_TOKEN,
    queryToken: '0011223344556677',
    unlisted: false,
    ...changes,
  };
}

/** A peer at this address, in a registry of its own. */
export function registered(udp: Address): RegisteredPeer {
  const outcome = new PeerRegistry(TABLE_KEY).heartbeat(heartbeatOf(1), udp, 0);
  if (outcome.kind === 'refused') throw new Error(outcome.reason);
  return outcome.peer;
}

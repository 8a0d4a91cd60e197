import type { InstanceId, PeerId } from '../../../Protocol/Ids.ts';
import { type Address, isLoopback } from '../../../Shared/Address.ts';
import type { TrackerStatus } from '../../Model.ts';

/** Trackers found on the LAN that are used at once. docs/reference/protocol.md, "Discovery". */
export const TRACKERS_MAX = 3;
/** An embedded tracker closes this long after it told its peers where to go. */
export const RETIRE_MS = 60_000;

/** A tracker that answers our heartbeats. */
export interface UsedTracker {
  readonly address: Address;
  readonly foundBy: TrackerStatus['foundBy'];
  readonly instanceId: InstanceId;
  /** It said that it closes. */
  readonly closing: boolean;
}

/**
 * Those that are not needed: one tracker reached at two addresses, and what is found beyond TRACKERS_MAX, highest
 * instance ids first, so that all peers keep the same ones. Configured ones, our own, and those about to close are left.
 */
export function surplusTrackers(used: readonly UsedTracker[]): UsedTracker[] {
  const kept: UsedTracker[] = [];
  const surplus: UsedTracker[] = [];
  for (const tracker of used.toSorted(byKeeping)) {
    const same = kept.some(({ instanceId }) => instanceId === tracker.instanceId);
    const wanted = isFixed(tracker) || (!same && (tracker.closing || kept.length < TRACKERS_MAX));
    (wanted ? kept : surplus).push(tracker);
  }
  return surplus;
}

/** The tracker to which the peers of our own should go instead, if there is one: the oldest that started before it. */
export function betterThanOwn(own: InstanceId, used: readonly UsedTracker[]): UsedTracker | undefined {
  return used
    .filter(({ foundBy, instanceId, closing }) => foundBy !== 'embedded' && !closing && instanceId < own)
    .toSorted(byInstance)[0];
}

/**
 * Who takes over when our own tracker closes: a tracker that runs (also one that was about to close in favour of ours),
 * else a peer, which then starts one. Peers elsewhere come first: they stay when this computer is switched off.
 */
export function chooseSuccessor(
  used: readonly UsedTracker[],
  peers: readonly { readonly peerId: PeerId; readonly address: Address }[],
): Address | undefined {
  const [tracker] = used
    .filter(({ foundBy }) => foundBy !== 'embedded')
    .toSorted((one, other) => Number(one.closing) - Number(other.closing) || byInstance(one, other));
  const peer = peers.find(({ address }) => !isLoopback(address.host)) ?? peers[0];
  return tracker?.address ?? peer?.address;
}

/**
 * Whether a tracker that closes names us, the peer `{ host, port }` that it sees. On its own host it knows everybody by
 * the same loopback address: there the TCP port tells.
 */
export function namesUs(
  successor: Address,
  onTrackerHost: boolean,
  self: {
    readonly port: number;
    readonly observed: Address | undefined;
    readonly isOurs: (host: string) => boolean;
  },
): boolean {
  if (successor.port !== self.port) return false;
  if (onTrackerHost) return self.observed !== undefined && isLoopback(self.observed.host);
  return successor.host === self.observed?.host || self.isOurs(successor.host);
}

function isFixed({ foundBy }: UsedTracker): boolean {
  return foundBy === 'configured' || foundBy === 'embedded';
}

/** Fixed ones, then by instance; of one tracker at two addresses the one that others can use too. */
function byKeeping(one: UsedTracker, other: UsedTracker): number {
  return (
    Number(isFixed(other)) - Number(isFixed(one)) ||
    byInstance(one, other) ||
    Number(isLoopback(one.address.host)) - Number(isLoopback(other.address.host))
  );
}

function byInstance(one: UsedTracker, other: UsedTracker): number {
  if (one.instanceId === other.instanceId) return 0;
  return one.instanceId < other.instanceId ? -1 : 1;
}

import type { InstanceId, PeerId } from '../../../Protocol/Ids.ts';
import { type Address, isLoopback } from '../../../Shared/Network/Address.ts';
import type { TrackerStatus } from '../../Model.ts';

/** Number of discovered trackers in use at once. docs/reference/protocol.md, "Discovery". */
const TRACKERS_MAX = 3;
/** Delay between announcing a successor and closing an embedded tracker. */
export const RETIRE_MS = 60_000;

/** A connected tracker. */
export interface UsedTracker {
  readonly address: Address;
  readonly foundBy: TrackerStatus['foundBy'];
  readonly instanceId: InstanceId;
  /** The tracker announced that it is closing. */
  readonly closing: boolean;
}

/**
 * Selects the trackers to drop: duplicates of one tracker at a second address, and discovered ones beyond
 * TRACKERS_MAX. Highest instance ids go first, so that all peers keep the same trackers. Configured, embedded and
 * closing trackers stay.
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

/** The tracker that replaces the embedded one: the oldest that started before it, if any. */
export function betterThanOwn(own: InstanceId, used: readonly UsedTracker[]): UsedTracker | undefined {
  return used
    .filter(({ foundBy, instanceId, closing }) => foundBy !== 'embedded' && !closing && instanceId < own)
    .toSorted(byInstance)[0];
}

/**
 * Chooses the successor of a closing embedded tracker: a running tracker (even one that was closing in favour of
 * this one), else a peer, which then starts one. Peers on other hosts come first: they stay when this host is
 * switched off.
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
 * Whether a closing tracker names this peer as its successor. On its own host a tracker sees every peer at the same
 * loopback address; there the TCP port decides.
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

/**
 * Fixed trackers first, then by instance id; of one tracker at two addresses, the one reachable from other hosts
 * first.
 */
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

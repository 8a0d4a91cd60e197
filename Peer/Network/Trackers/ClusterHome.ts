import { createHash } from 'node:crypto';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';

/** Spares contacted at once when the home is lost: the first one may be dead too. */
const SPARES_AT_ONCE = 2;

/** A tracker of a cluster. */
export interface Candidate {
  readonly address: Address;
  /** Whether it is unstable: then it is chosen only when there is no other (HoldDowns). */
  readonly isHeld: boolean;
}

/** A connected tracker of a cluster. */
export interface UsedMember extends Candidate {
  /** Whether it holds the current catalog of this peer. */
  readonly caughtUp: boolean;
}

/** Trackers of one cluster to open and to leave. */
export interface HomePlan {
  /** Trackers to deregister from: they become spares. */
  readonly leave: readonly Address[];
  /** Spares to contact. */
  readonly open: readonly Address[];
}

/**
 * Chooses the home of a peer in a cluster: the tracker with the highest rank. Ranks differ from peer to peer
 * (rendezvous hashing): peers are spread evenly, and the loss of a tracker moves only its own. A
 * better home takes over when it holds the catalog.
 * @param used - connected trackers of the cluster that are not about to close
 * @param spares - other trackers of the cluster that may be contacted
 */
export function planHome(self: PeerId, used: readonly UsedMember[], spares: readonly Candidate[]): HomePlan {
  const ranked = spares.toSorted(byRank(self));
  const [best, ...others] = used.toSorted(byRank(self));
  if (best === undefined) {
    return { leave: [], open: ranked.slice(0, SPARES_AT_ONCE).map(({ address }) => address) };
  }
  const leave = others.filter(({ caughtUp }) => best.caughtUp || !caughtUp).map(({ address }) => address);
  const [next] = ranked;
  const isBetter = next !== undefined && byRank(self)(next, best) < 0;
  return { leave, open: isBetter ? [next.address] : [] };
}

/** Rank of a tracker for a peer, as text; the highest is preferred. */
function rankOf(self: PeerId, address: Address): string {
  return createHash('sha256')
    .update(`${self} ${formatAddress(address)}`)
    .digest('hex');
}

/** Highest rank first, unstable ones last. */
function byRank(self: PeerId): (one: Candidate, other: Candidate) => number {
  return (one, other) =>
    Number(one.isHeld) - Number(other.isHeld) ||
    (rankOf(self, one.address) > rankOf(self, other.address) ? -1 : 1);
}

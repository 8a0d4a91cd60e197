import { boolean, list, struct, uint32, uint53 } from './Codec.ts';
import { answerExtensions, extensibleEnd } from './Extensions.ts';
import { CLUSTER_MEMBERS_MAX } from './Limits.ts';
import { answerPart } from './RelayMessages.ts';
import { clusterMember, hit, holder, listedPeer } from './TrackerItems.ts';

/** Bodies of a tracker's answers that list something. docs/reference/protocol.md, "Tracker". */

const page = {
  total: uint32,
  /** Cursor of the next page; 0: the last one. */
  next: uint32,
};
/** `asked`: number of queried peers. `part`: the part of the answer that this page is. */
const answer = { ...page, asked: uint32, part: answerPart };

export const found = extensibleEnd({ ...answer, hits: list(hit, 32) }, answerExtensions);

/** `size`: 0 without a holder. */
export const located = extensibleEnd(
  { ...answer, size: uint53, holders: list(holder, 64) },
  answerExtensions,
);

/** Answers `peers` and `folder`. */
export const peerList = extensibleEnd({ ...page, peers: list(listedPeer, 64) }, answerExtensions);

/** Answers `cluster`. Without a cluster there are no members. */
export const members = struct({
  ...page,
  /** The tracker is connected to the bus of the cluster. */
  connected: boolean,
  /** Messages a second on the bus, of the last ten seconds. */
  received: uint32,
  sent: uint32,
  members: list(clusterMember, CLUSTER_MEMBERS_MAX),
});

import { boolean, type Codec, list, oneOf, struct, uint32, uint53 } from './Codec.ts';
import { type AnswerExtensions, answerExtensions, extensibleEnd } from './Extensions.ts';
import { CLUSTER_MEMBERS_MAX } from './Limits.ts';
import type { AnswerPart } from './RelayMessages.ts';
import {
  type ClusterMember,
  clusterMember,
  type Hit,
  type Holder,
  hit,
  holder,
  type ListedPeer,
  listedPeer,
} from './TrackerItems.ts';

/** Bodies of a tracker's answers that list something. docs/reference/protocol.md, "Tracker". */

interface Page {
  readonly total: number;
  /** Cursor of the next page; 0: the last one. */
  readonly next: number;
}

interface Found extends Page, AnswerExtensions {
  /** Number of queried peers. */
  readonly asked: number;
  readonly part: AnswerPart;
  readonly hits: readonly Hit[];
}

interface Located extends Page, AnswerExtensions {
  readonly asked: number;
  readonly part: AnswerPart;
  /** 0 without a holder. */
  readonly size: number;
  readonly holders: readonly Holder[];
}

interface PeerList extends Page, AnswerExtensions {
  readonly peers: readonly ListedPeer[];
}

interface Members extends Page {
  /** The tracker is connected to the bus of the cluster. */
  readonly connected: boolean;
  /** Messages a second on the bus, of the last ten seconds. */
  readonly received: number;
  readonly sent: number;
  readonly members: readonly ClusterMember[];
}

const page = { total: uint32, next: uint32 };
const part = oneOf('whole', 'index', 'relayed', 'last');

export const found: Codec<Found> = extensibleEnd(
  { ...page, asked: uint32, part, hits: list(hit, 32) },
  answerExtensions,
);

export const located: Codec<Located> = extensibleEnd(
  { ...page, asked: uint32, part, size: uint53, holders: list(holder, 64) },
  answerExtensions,
);

/** Answers `peers` and `folder`. */
export const peerList: Codec<PeerList> = extensibleEnd(
  { ...page, peers: list(listedPeer, 64) },
  answerExtensions,
);

/** Answers `cluster`. Without a cluster there are no members. */
export const members: Codec<Members> = struct({
  ...page,
  connected: boolean,
  received: uint32,
  sent: uint32,
  members: list(clusterMember, CLUSTER_MEMBERS_MAX),
});

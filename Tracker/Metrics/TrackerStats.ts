import type { ClusterStats } from '../Cluster/Cluster.ts';

/** Datagrams since the start, by outcome. */
export interface TrackerCounts {
  served: number;
  /** Answered with `refused`. */
  refused: number;
  /** Over a rate limit: dropped, or refused as `too-many`. */
  limited: number;
  /** Not a request: dropped. */
  malformed: number;
  /** Spoke in a peer's name without its key or token. */
  forged: number;
  /** Answers to a query that has ended: dropped. */
  late: number;
}

export function noCounts(): TrackerCounts {
  return { served: 0, refused: 0, limited: 0, malformed: 0, forged: 0, late: 0 };
}

/** Measures datagrams. */
export interface DatagramMeter {
  /** A datagram was handled and its answers sent. @param ms - the time for that */
  handled(datagram: Uint8Array, ms: number): void;
  /** A datagram was sent. */
  sent(datagram: Uint8Array): void;
}

/** State and datagram counts of a running tracker. */
export interface TrackerStats extends TrackerCounts {
  readonly peers: number;
  readonly files: number;
  /** Datagrams dropped before they reached the tracker: not sealed for this private network. */
  readonly foreign: number;
  /** Undefined: the tracker belongs to no cluster. */
  readonly cluster: ClusterStats | undefined;
}

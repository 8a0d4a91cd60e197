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

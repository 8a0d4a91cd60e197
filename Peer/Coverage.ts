/** How much of the network an answer covers. */
export interface Coverage {
  /** Number of trackers that answered, those of a cluster included. 0: known peers were queried instead. */
  readonly trackers: number;
  /** Number of trackers that should have answered; undefined: as many as did. */
  readonly trackersKnown?: number;
}

/** Types of the connections of a pair of peers, as the user sees them. Types only. */

/** The side that opens the lanes of a pair. */
export type LaneWay = 'by us' | 'by them';

/** The control link to a peer, and the open lanes of the pair. */
export interface LinkSummary {
  readonly dialledByUs: boolean;
  /** The peer reports that nobody can dial it. */
  readonly undialable: boolean;
  /**
   * Name of the peer that relays the link and the lanes, which are encrypted end to end. Undefined: they are direct.
   */
  readonly relayedBy: string | undefined;
  readonly lanes: {
    readonly encrypted: boolean;
    /** Lanes on which we receive, and on which we send. Undefined: none is open. */
    readonly receiving: LaneWay | undefined;
    readonly sending: LaneWay | undefined;
  };
}

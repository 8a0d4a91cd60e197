/** Items of the API, as docs/reference/json.md names their fields. All texts in them come from strangers. */

interface Peer {
  readonly id: string | null;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Name of the peer that relays the link. Absent: none. */
  readonly relayedBy?: string;
}

export interface KnownPeer extends Peer {
  readonly files: number | null;
  readonly bytes: number | null;
  readonly linked: boolean;
  readonly secured?: string | null;
  /** Absent or null: not linked. */
  readonly link?: { readonly relayedBy: string | null } | null;
}

export interface SharedFile {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  readonly modified: string | null;
}

export interface Holder {
  readonly peer: string | null;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly complete: boolean;
}

export interface Hit extends SharedFile {
  readonly name: string;
  readonly sourceCount: number;
  /** This peer shares it; not counted. */
  readonly here: boolean;
  readonly sources: readonly Holder[];
}

export interface Source extends Peer {
  readonly state: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly why: string | null;
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface Download {
  readonly number: number;
  readonly id: string | null;
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly state: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
  readonly files: number;
  readonly filesDone: number;
  /** Place in the order: the lowest goes first. */
  readonly rank?: number;
  readonly cause: { readonly code: string; readonly text: string; readonly retryInS: number | null } | null;
  readonly error: Problem | null;
  readonly sources: readonly Source[];
}

/** `have`: first and last chunk of each range; null for a download that is not open now. */
export interface Part {
  readonly id: string;
  readonly path: string;
  readonly chunks: number;
  readonly count: number;
  readonly have: readonly (readonly [number, number])[] | null;
}

export interface SwarmMember {
  readonly id: string | null;
  readonly name: string | null;
  readonly self: boolean;
  readonly bytes: number | null;
  readonly complete: boolean;
  readonly bytesPerSecond: number;
  readonly giving: number;
  readonly taking: number;
}

/** Trackers that an answer covers. */
export interface Coverage {
  readonly trackers: number;
  readonly trackersKnown: number;
}

export interface Swarm extends Partial<Coverage> {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly chunks: number;
  readonly peers: number;
  readonly complete: number;
  readonly finishedAndLeft: number;
  readonly rarest: number;
  readonly secondsLeft: number | null;
}

export interface Upload {
  readonly peer: Peer;
  readonly path: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

export interface Offer {
  readonly number: number;
  readonly name: string;
  readonly size: number;
  readonly peer: Peer;
}

export interface Push extends Offer {
  readonly state: string;
  readonly chunkCount: number;
  readonly confirmed: number;
  readonly error: Problem | null;
}

export interface Limit {
  readonly scope: string;
  readonly up: number | null;
  readonly down: number | null;
  readonly sending: number;
  readonly receiving: number;
}

interface Tracker {
  readonly host: string;
  readonly port: number;
  readonly state: string;
  readonly foundBy: string;
  readonly observed: string | null;
  readonly peers: number | null;
  readonly reason: string | null;
}

export interface Status {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly trackers: readonly Tracker[];
  readonly share: {
    readonly folder: string;
    readonly files: number;
    readonly bytes: number;
    readonly mode: string;
    readonly readOnly: boolean;
    readonly gone: { readonly reason: string } | null;
  };
  readonly peers: readonly KnownPeer[];
  readonly network: {
    /** Whether others can connect to this peer; null: not known yet. */
    readonly reachable: boolean | null;
    /** Command for the firewall of this computer; null: none is known. */
    readonly openPort: string | null;
  };
  readonly sent: number;
  readonly received: number;
  readonly uptimeMs: number;
}

/** An address with a secret for one file. */
export interface ShareLink {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly expires: string;
}

/** A line of the doctor: fine, or what to do. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly text: string;
  readonly hint: string | null;
}

/** Rights of the page's user. */
export interface Session {
  /** May manage the peer. */
  readonly manage: boolean;
  /** By a login, which can be ended. */
  readonly loggedIn?: boolean;
  /** How the owner can log in: here, or over HTTPS. Absent or null: not at all. */
  readonly login?: 'form' | 'https' | null;
  /** Sits at the computer of the peer. */
  readonly local: boolean;
  readonly name: string;
  readonly port: number;
  /** Addresses that this peer serves beside files and API. */
  readonly serves?: readonly ('network' | 'drop')[];
}

import type { FileExtensions } from '../Protocol/Extensions.ts';
import type { FileId, InstanceId, PeerId } from '../Protocol/Ids.ts';
import type { ListedFile } from '../Protocol/ListedFile.ts';
import type { Address } from '../Shared/Address.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import type { Coverage } from './Coverage.ts';
import type { LinkSummary } from './LinkModel.ts';

/** Types shared by all managers. Types only. */

/** This peer, as seen by others. */
export interface Self {
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  readonly name: string;
  /** TCP port for other peers. */
  readonly port: number;
}

/** Contact of a peer. The id is unknown for an address typed by a user. */
export interface PeerContact {
  readonly peerId: PeerId | undefined;
  readonly name: string;
  readonly address: Address;
  /** It reports that nobody can dial it. */
  readonly undialable?: true | undefined;
  /** Name of the peer that relays the link to it. Absent: direct, or no link. */
  readonly relayedBy?: string | undefined;
}

/** A peer whose id is known. */
export type KnownContact = PeerContact & { readonly peerId: PeerId };

/** A peer as listed in tables. */
export interface PeerSummary extends PeerContact {
  readonly peerId: PeerId;
  /** Number and total bytes of its published files; undefined for a peer known only by a direct link. */
  readonly files: number | undefined;
  readonly bytes: number | undefined;
  /** A control link to it is open. */
  readonly linked: boolean;
  /** That link. Undefined: there is none, or its state was not asked for. */
  readonly link?: LinkSummary | undefined;
}

/** Modification time and executable bit of a file, as downloads keep them. Without `modifiedMs`, neither is known. */
export type FileAttributes = FileExtensions;

/** A file in the local share or at another peer. */
export type CatalogEntry = ListedFile;

/** A peer with a file, or part of it. */
export interface FileHolder extends PeerContact {
  readonly peerId: PeerId;
  readonly complete: boolean;
  /** Linked to this peer and downloading the file too: needs no further link. */
  readonly near?: boolean;
}

/** One of several contents at one path. */
export interface FileVersion {
  readonly fileId: FileId;
  readonly size: number;
  /** Milliseconds since 1970, as its holders claim. */
  readonly modifiedMs: number;
  /** Number of peers that list it, this one included. */
  readonly copies: number;
  /** The own share has it at this path. */
  readonly isHere: boolean;
}

/** A path with several contents: the one that a download took, and the others, newest first. */
export interface FileVersions {
  readonly path: string;
  readonly taken: FileVersion;
  /** No source delivered the newest one, which is the first of the others. */
  readonly undelivered?: true;
  readonly others: readonly FileVersion[];
}

/** A search hit: one content, under any names. */
export interface SearchHit extends FileAttributes {
  readonly fileId: FileId;
  readonly size: number;
  /** Matching path, as named by its holder. Unverified: never print it raw, never open it. */
  readonly path: string;
  readonly holders: readonly FileHolder[];
  /** Number of all holders; `holders` may list only the first few. */
  readonly holderCount: number;
  /** Modification time in milliseconds since 1970, as holders claim. Undefined: unknown. */
  readonly modifiedMs?: number | undefined;
  /** This peer shares the content. Not counted in `holderCount`. */
  readonly here?: boolean;
}

export interface SearchResult extends Coverage {
  readonly hits: readonly SearchHit[];
  /** More files matched than are listed. */
  readonly truncated: boolean;
  /** Without a tracker: number of known peers that answered. A search without any answer fails with NO_TRACKER. */
  readonly peers?: number;
}

/** Offer of a push: a file, or the chunks its sender has. Unverified in every field. */
export interface Offer extends FileAttributes {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** Number of chunks at the sender. */
  readonly chunks: number;
}

/** A received offer that awaits the user's answer. A drop has no `fileId`: an HTTP client does not know it. */
export interface OfferStatus extends Omit<Offer, 'fileId'> {
  readonly fileId: FileId | undefined;
  /** Short handle for commands, 1, 2, 3 … in this run. */
  readonly number: number;
  readonly peer: PeerContact;
  /** Time of arrival, by this peer's monotonic clock. */
  readonly sinceMs: number;
}

/** State of a push to another peer. */
export interface PushStatus {
  /** 1, 2, 3 … in this run. */
  readonly number: number;
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly peer: PeerContact;
  readonly state:
    | 'connecting'
    | 'offered' // awaits the receiver's answer
    | 'sending'
    | 'done'
    | 'already there'
    | 'failed';
  /** Number of chunks of the file. */
  readonly chunkCount: number;
  /** Number of chunks here at the time of the offer, and number of these confirmed by the receiver. */
  readonly chunks: number;
  readonly confirmed: number;
  readonly error: ShoalError | undefined;
  readonly startedWallMs: number;
}

/** Local chunks of one file. */
export interface PartStatus {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly chunkCount: number;
  /** Number of local chunks. */
  readonly count: number;
  /** Runs of local chunks, as first and last index. Undefined: the file is not open. */
  readonly ranges: readonly (readonly [first: number, last: number])[] | undefined;
}

/** Address of a tracker, with the host name that was given for it. */
export interface TrackerPlace extends Address {
  readonly name?: string | undefined;
}

/** State of a tracker. */
export interface TrackerStatus {
  readonly address: Address;
  /** Host name that was given for it; undefined: the address was given or discovered. */
  readonly name?: string | undefined;
  /** Source that discovered it. */
  readonly foundBy:
    | 'configured'
    | 'remembered'
    | 'this host'
    | 'broadcast'
    | 'dns-sd'
    | 'embedded'
    | 'peer'
    | 'cluster'
    | 'successor';
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly instanceId: InstanceId | undefined;
  /** This peer's address as seen by the tracker. */
  readonly observed: Address | undefined;
  /** Milliseconds since the last heartbeat answer. */
  readonly lastAnswerAgoMs: number | undefined;
  readonly intervalMs: number | undefined;
  readonly peers: number | undefined;
  /** Catalog version held by the tracker, and the current version. */
  readonly heldVersion: number;
  readonly version: number;
  /** The tracker relays queries instead of holding the catalog: by --unlisted, or as a relay-only tracker. */
  readonly asksByRelay?: boolean;
  /** The cluster that it belongs to, and its other trackers, one of which takes over when this one is lost. */
  readonly cluster?: { readonly name: string; readonly spares: readonly Address[] } | undefined;
  /** Why it is not connected. */
  readonly reason: string | undefined;
}

export type DownloadState =
  | 'waiting' // queued behind others
  | 'searching' //    no source yet
  | 'describing' //   fetching the chunk list
  | 'fetching'
  | 'finishing' //    fsync and rename
  | 'done'
  | 'paused'
  | 'failed'
  | 'cancelled';

/** State of one download, for tables and programs. */
export interface DownloadStatus {
  /** Short handle for commands, 1, 2, 3 … in this run. */
  readonly number: number;
  /** Undefined for a folder, and for a drop: its content is known when it is whole. */
  readonly fileId: FileId | undefined;
  readonly rank?: number; // place in the order of downloads: the lowest goes first
  /** Target path, relative to the share. A folder ends with `/`. */
  readonly path: string;
  readonly state: DownloadState;
  readonly size: number;
  /** Verified bytes. */
  readonly bytes: number;
  /** Bytes present before this run (resumed, or identical content), not downloaded. */
  readonly bytesFromBefore: number;
  readonly wastedBytes: number; // received twice, or corrupt
  readonly bytesPerSecond: number;
  /** Undefined while unknown. */
  readonly secondsLeft: number | undefined;
  readonly sources: readonly SourceStatus[];
  /** Files completed and in total, for a folder; 1 of 1 for a file. */
  readonly filesDone: number;
  readonly files: number;
  /** Why it is stalled, as text with the time of the next attempt, and for programs. */
  readonly reason: string | undefined;
  readonly cause?: StallCause | undefined;
  readonly error: ShoalError | undefined;
  /** Absolute path, once done. */
  readonly finalPath: string | undefined;
  /** Names of files and folders that the disk of this peer changed. Absent: 0. */
  readonly renamed?: number;
  /** Paths of which several contents exist. Absent: none. */
  readonly versions?: readonly FileVersions[];
  readonly startedWallMs: number;
  /** Milliseconds from start to done. */
  readonly tookMs: number | undefined;
}

/** Why a download is stalled. */
export interface StallCause {
  readonly code:
    | 'turn' // queued behind other downloads
    | 'same-content' // another download fetches the same content
    | 'no-tracker' // no known holder, and no tracker
    | 'no-source'
    | 'source-changed'
    | 'source-banned'
    | 'peer-away' // no holder is reachable
    | 'blocked' // connections fail in both directions
    | 'connecting'
    | 'no-lane' // linked, but the connection for chunks cannot be opened
    | 'describing' // waiting for the chunk list
    | 'queued'
    | 'snubbed' // requested, no data for 10 s
    | 'asked' // requested just now
    | 'limited' // by this peer's own limit
    | 'missing-chunks' // no linked peer has the missing chunks
    | 'finishing'
    | 'disk-full'
    | 'disk-failed'
    | 'paused' //           by the user
    | 'failed';
  /** Text without the time. Contains strings from other peers: print it through safeText. */
  readonly text: string;
  /** Undefined: no scheduled attempt. */
  readonly retryInMs: number | undefined;
}

/** State of one source of one download. */
export interface SourceStatus {
  readonly peer: PeerContact;
  /** `distrusted`: it sent corrupt chunks of the file, and is used only for chunks no other source has. */
  readonly state: 'connecting' | 'active' | 'queued' | 'snubbed' | 'left' | 'distrusted' | 'banned';
  /** Position in the source's queue, when queued, and the length of that queue. */
  readonly place: number | undefined;
  readonly queueLength?: number | undefined;
  /**
   * Why the source was left. `no answer`: asleep or unreachable for now; `unreachable`: not running; `blocked`: neither
   * computer can connect to the other. `no lane`: linked, but see `lane`.
   */
  readonly why?: 'unreachable' | 'no answer' | 'blocked' | 'no lane' | 'has it not' | 'changed' | undefined;
  /** The connection for chunks. `failed`: linked, but no such connection can be opened. */
  readonly lane?: 'opening' | 'open' | 'failed' | undefined;
  /** It was connected in this run. Absent: unknown. */
  readonly reached?: boolean;
  /** Time until the next attempt. */
  readonly retryInMs?: number | undefined;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Chunks that it has; of a folder, with bundles of small files. */
  readonly chunksHeld: number;
}

/** One peer of a swarm. */
export interface SwarmMember {
  /** Undefined: this peer. */
  readonly peer: PeerContact | undefined;
  /** Undefined: an unknown part of the file. */
  readonly chunks: number | undefined;
  readonly bytes: number | undefined;
  readonly complete: boolean;
  /** Growth, from its announcements. */
  readonly bytesPerSecond: number;
  /** Bytes per second from it to this peer, and from this peer to it. */
  readonly giving: number;
  readonly taking: number;
  /** A control link to it is open; otherwise a tracker named it. */
  readonly linked: boolean;
}

/** All known peers that have or download a file. */
export interface SwarmStatus {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly chunkCount: number;
  /** This peer first. */
  readonly members: readonly SwarmMember[];
  /** Number of complete members. */
  readonly complete: number;
  /** Peers that took all of it from this one and are not here any more. */
  readonly finishedAndLeft: number;
  /** Number of copies of the rarest chunk, and the mean over all chunks. */
  readonly rarest: number;
  readonly mean: number;
  /** Time until all members are complete; undefined: a member does not grow. */
  readonly secondsLeft: number | undefined;
  /** The member that determines that time. */
  readonly waitsFor: SwarmMember | undefined;
  /** Of the answer that names peers without a link; undefined: there is none yet. */
  readonly coverage?: Coverage | undefined;
}

/** One peer being served. */
export interface UploadStatus {
  readonly peer: PeerContact;
  readonly path: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

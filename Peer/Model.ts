import type { FileId, InstanceId, PeerId } from '../Protocol/Ids.ts';
import type { ListedFile } from '../Protocol/ListedFile.ts';
import type { Address } from '../Shared/Address.ts';
import type { LimitScope } from '../Shared/Rates.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';

/** The nouns that all doors speak. Types only. */

/** This peer, as others see it. */
export interface Self {
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  readonly name: string;
  /** TCP port we listen on. */
  readonly port: number;
}

/** How to reach a peer. The id is unknown when an address was typed by hand. */
export interface PeerContact {
  readonly peerId: PeerId | undefined;
  readonly name: string;
  readonly address: Address;
}

/** A peer whose id is known. */
export type KnownContact = PeerContact & { readonly peerId: PeerId };

/** A peer as shown in tables. */
export interface PeerSummary extends PeerContact {
  readonly peerId: PeerId;
  /** Files and bytes it publishes; undefined when only a direct link told us of it. */
  readonly files: number | undefined;
  readonly bytes: number | undefined;
  /** A control link to it is open. */
  readonly linked: boolean;
}

/** A file of the local share, or of another peer's. */
export type CatalogEntry = ListedFile;

/** Somebody who has a file, or part of it. */
export interface FileHolder extends PeerContact {
  readonly peerId: PeerId;
  readonly complete: boolean;
  /** It is linked to us, and wants the file too: it costs no further link. */
  readonly near?: boolean;
}

/** A file found in the network. One content, whatever names it goes by. */
export interface SearchHit {
  readonly fileId: FileId;
  readonly size: number;
  /** The path that matched, as its holder shares it. From a stranger: never print it raw, never open it. */
  readonly path: string;
  readonly holders: readonly FileHolder[];
  /** All holders, of which `holders` may be the first few. */
  readonly holderCount: number;
}

export interface SearchResult {
  readonly hits: readonly SearchHit[];
  /** More matched than are listed. */
  readonly truncated: boolean;
  /** Trackers that answered. 0: known peers were asked instead. */
  readonly trackers: number;
  /** Without a tracker: known peers that answered. When nobody does, a search fails with NO_TRACKER. */
  readonly peers?: number;
}

/** A file, or the chunks of it that its sender has, to be pushed to another peer. From a stranger: path and figures may be anything. */
export interface Offer {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** How many chunks the sender has. */
  readonly chunks: number;
}

/** An offer of another peer that waits for a person's answer. */
export interface OfferStatus extends Offer {
  /** Short handle for commands, 1, 2, 3 … in this run. */
  readonly number: number;
  readonly peer: PeerContact;
  /** When it came, by the peer's clock. */
  readonly sinceMs: number;
}

/** A file on its way to another peer. */
export interface PushStatus {
  /** 1, 2, 3 … in this run. */
  readonly number: number;
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly peer: PeerContact;
  readonly state:
    | 'connecting'
    | 'offered' //        waits for the other side's yes
    | 'sending'
    | 'done'
    | 'already there'
    | 'failed';
  /** Chunks of the file. */
  readonly chunkCount: number;
  /** Those that were here when it was offered, and how many of them the other side has confirmed. */
  readonly chunks: number;
  readonly confirmed: number;
  readonly error: ShoalError | undefined;
  readonly startedWallMs: number;
}

/** What is here of one file. */
export interface PartStatus {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly chunkCount: number;
  /** How many chunks are here. */
  readonly count: number;
  /** Which: first and last of each stretch. Undefined: not open now, so not looked at. */
  readonly ranges: readonly (readonly [first: number, last: number])[] | undefined;
}

/** How a tracker is doing. */
export interface TrackerStatus {
  readonly address: Address;
  /** Which rung of the ladder named it. */
  readonly foundBy:
    | 'configured'
    | 'remembered'
    | 'this host'
    | 'broadcast'
    | 'dns-sd'
    | 'embedded'
    | 'peer'
    | 'successor';
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly instanceId: InstanceId | undefined;
  /** The address the tracker sees us at. */
  readonly observed: Address | undefined;
  /** Milliseconds since the last heartbeat was answered. */
  readonly lastAnswerAgoMs: number | undefined;
  readonly intervalMs: number | undefined;
  readonly peers: number | undefined;
  /** Our catalog version it holds, and the one we have. */
  readonly heldVersion: number;
  readonly version: number;
  /** It holds no catalog of ours and asks us instead: by --unlisted, or as a relay-only tracker. */
  readonly asksByRelay?: boolean;
  /** Why not, when it is not connected. */
  readonly reason: string | undefined;
}

export type DownloadState =
  | 'waiting' //      for its turn
  | 'searching' //    no source yet
  | 'describing' //   fetching the chunk list
  | 'fetching'
  | 'finishing' //    fsync and rename
  | 'done'
  | 'paused'
  | 'failed'
  | 'cancelled';

/** One download as shown and as told to programs. */
export interface DownloadStatus {
  /** Short handle for commands, 1, 2, 3 … in this run. */
  readonly number: number;
  /** Undefined for a folder. */
  readonly fileId: FileId | undefined;
  /** Wanted path, relative to the share. A folder ends with `/`. */
  readonly path: string;
  readonly state: DownloadState;
  readonly size: number;
  /** Verified bytes. */
  readonly bytes: number;
  /** Bytes that were here already (resumed, or the same content): not fetched in this run. */
  readonly bytesFromBefore: number;
  /** Bytes received again or wrong. */
  readonly wastedBytes: number;
  readonly bytesPerSecond: number;
  /** Undefined while unknown. */
  readonly secondsLeft: number | undefined;
  readonly sources: readonly SourceStatus[];
  /** Files done and in all, for a folder; 1 of 1 for a file. */
  readonly filesDone: number;
  readonly files: number;
  /** Why it does not move: one cause, for people, with the time of the next try. */
  readonly reason: string | undefined;
  /** The same, for programs. */
  readonly cause?: StallCause | undefined;
  readonly error: ShoalError | undefined;
  /** Where it lies, absolute, once done. */
  readonly finalPath: string | undefined;
  readonly startedWallMs: number;
  /** Milliseconds from start to done. */
  readonly tookMs: number | undefined;
}

/** Why a download does not move. */
export interface StallCause {
  readonly code:
    | 'turn' //             others run first
    | 'same-content' //     another download fetches it
    | 'no-tracker' //       nobody known, and no tracker to ask
    | 'no-source'
    | 'source-changed'
    | 'source-banned'
    | 'peer-away' //        those who have it cannot be reached
    | 'connecting'
    | 'describing' //       the chunk list is on its way
    | 'queued'
    | 'snubbed' //          asked, and silent
    | 'asked' //            asked just now
    | 'limited' //          by our own limit
    | 'missing-chunks' //   nobody who is linked has what is missing
    | 'finishing'
    | 'disk-full'
    | 'disk-failed'
    | 'paused' //           by the user
    | 'failed';
  /** For people, without the time. From strangers: print it through safeText. */
  readonly text: string;
  /** Undefined: nothing is tried by itself, or at any moment. */
  readonly retryInMs: number | undefined;
}

/** What one source does for one download. */
export interface SourceStatus {
  readonly peer: PeerContact;
  /** `distrusted`: it sent wrong bytes of the file, and is asked only for what nobody else has. */
  readonly state: 'connecting' | 'active' | 'queued' | 'snubbed' | 'left' | 'distrusted' | 'banned';
  /** Place in the other side's queue, when queued; and how many wait there. */
  readonly place: number | undefined;
  readonly queueLength?: number | undefined;
  /** Why it left, or had before it is dialled again. `no answer`: it may sleep, or the network be broken; `unreachable`: it is not there. */
  readonly why?: 'unreachable' | 'no answer' | 'has it not' | 'changed' | undefined;
  /** When it is tried again. */
  readonly retryInMs?: number | undefined;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly chunksHeld: number;
}

/** One peer of a swarm. */
export interface SwarmMember {
  /** Undefined: this peer. */
  readonly peer: PeerContact | undefined;
  /** Undefined: some of it, nobody knows how much. */
  readonly chunks: number | undefined;
  readonly bytes: number | undefined;
  readonly complete: boolean;
  /** By which it grows, as heard. */
  readonly bytesPerSecond: number;
  /** Bytes a second that it gives us, and that we give it. */
  readonly giving: number;
  readonly taking: number;
  /** A control link to it is open; else a tracker named it. */
  readonly linked: boolean;
}

/** All peers that have a file, or are fetching it, as far as is known here. */
export interface SwarmStatus {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly chunkCount: number;
  /** This peer first. */
  readonly members: readonly SwarmMember[];
  /** Members that have all of it. */
  readonly complete: number;
  /** Copies of the rarest chunk, and of the chunks on average. */
  readonly rarest: number;
  readonly mean: number;
  /** Until all have it; undefined: somebody does not grow now. */
  readonly secondsLeft: number | undefined;
  /** Who decides that. */
  readonly waitsFor: SwarmMember | undefined;
}

/** What one scope may move, and moves now: bytes a second. Undefined: no limit. */
export interface LimitStatus {
  readonly scope: LimitScope;
  readonly up: number | undefined;
  readonly down: number | undefined;
  readonly sending: number;
  readonly receiving: number;
}

/** One peer being served now. */
export interface UploadStatus {
  readonly peer: PeerContact;
  readonly path: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** The local share in figures. */
export interface ShareStatus {
  readonly folder: string;
  /** Shared is what this file names, instead of everything in the folder. */
  readonly manifest?: string | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly version: number;
  /** Files found but not hashed yet, and their bytes. */
  readonly hashing: { readonly files: number; readonly bytes: number; readonly bytesPerSecond: number };
  /** The first scan is over. */
  readonly scanned: boolean;
  /** `watching`: changes show at once. `re-scanning`: the watch limit was reached. */
  readonly mode: 'watching' | 're-scanning';
  /** Files that could not be read, newest first, at most a few: path and reason. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
}

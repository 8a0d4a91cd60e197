import type { FileId } from '../Protocol/Ids.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import type { PeerContact } from './Model.ts';

/** Downloads, as the user sees them. Types only. */

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
  /** Fetched files of a folder whose name was taken by another content: `name (2)` beside it. Absent: 0. */
  readonly beside?: number;
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
  /** Whether it was connected in this run. Absent: unknown. */
  readonly reached?: boolean;
  /** Time until the next attempt. */
  readonly retryInMs?: number | undefined;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Chunks that it has; of a folder, with bundles of small files. */
  readonly chunksHeld: number;
}

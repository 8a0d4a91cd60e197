import type { FileId } from '../Protocol/Ids.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import type { FileAttributes, PeerContact } from './Model.ts';

/** Pushes and their offers, as the user sees them. Types only. */

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

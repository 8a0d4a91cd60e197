import type { Bitfield } from '../Protocol/Bitfield.ts';
import type { BundledFile } from '../Protocol/Bundle.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { FileId } from '../Protocol/Ids.ts';
import type { RefusalCode, SuggestedRest } from '../Protocol/PeerMessages.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import type { KnownContact } from './Model.ts';

/** The transfer of a chunk from another peer to the disk: sources of the network, writers of the disk. Types only. */

/** One peer as a source of one file, or of the bundles of a folder. All sources of a peer share its link and lane. */
export interface Source {
  readonly peer: KnownContact;
  /** Chunks of the peer, kept up to date; `haveChanged` reports changes. Undefined: all (the layout may be unknown). */
  readonly have: Bitfield | undefined;
  /** Chunks that the peer suggests requesting from it; `suggested` reports changes. Undefined: no preference. */
  readonly suggestion?: SourceSuggestion | undefined;
  /** The connection for chunks to the peer, which is dialled besides the link. Undefined: none was needed yet. */
  readonly lane?: 'opening' | 'open' | undefined;
  /** Sets the layout once it is known; `have` is valid from then on. */
  setChunkCount(chunkCount: number): void;
  /**
   * Fetches the chunk hashes page by page and verifies them against the id.
   * @throws ShoalError INTEGRITY, NOT_FOUND, UNREACHABLE, TIMEOUT
   */
  describe(signal: AbortSignal): Promise<FileDescription>;
  /**
   * Requests one chunk or bundle. Requests are pipelined on the peer's lane, in the order of the calls. Never rejects.
   * @param bytes - length of the reply; one of another length breaks the lane
   * @param bundle - small files to request as bundle number `chunk`, at most BUNDLE_FILES_MAX
   */
  request(
    chunk: number,
    bytes: number,
    writer: ChunkWriter,
    bundle?: readonly BundledFile[],
  ): Promise<ChunkOutcome>;
  /**
   * Withdraws a pending request. It ends as `rejected` (cancelled), or continues when the reply has begun.
   * To be called only after `lineUp` returned true.
   */
  withdraw?(chunk: number): void;
  /**
   * Joins the upload queue of the peer without a request; `turn` reports when to request. At most once until then,
   * for all sources of the peer. Returns false, or is absent, for peers that queue requests instead.
   */
  lineUp?(): boolean;
  /** Reports a chunk that failed verification: the file may be damaged on the disk of the source. */
  reportCorrupt?(fileId: FileId, chunk: number): void;
  /** Cancels a request: its outcome becomes `cancelled`, unless it has one. */
  cancel(chunk: number): void;
  /** Ends interest in the file and cancels open requests. The link stays open for other files. */
  close(): void;
}

/** A hint of a busy source about chunks that no other leecher requested from it. A claim, possibly wrong. */
export interface SourceSuggestion {
  /** Chunks to request first. May contain numbers outside the file. */
  readonly chunks: readonly number[];
  /** Policy for all other chunks. */
  readonly rest: Exclude<SuggestedRest, 'anything'>;
}

/** Outcome of a chunk request. */
export type ChunkOutcome =
  | { readonly kind: 'verified' }
  /** All bytes arrived, but the hash is wrong. */
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'rejected'; readonly code: RefusalCode }
  | { readonly kind: 'cancelled' }
  /** The link or lane broke. */
  | { readonly kind: 'lost'; readonly reason: ShoalError }
  /** The local disk failed; the source is not to blame. */
  | { readonly kind: 'disk'; readonly reason: ShoalError };

/** Callbacks of a source. May be called before `openSource` resolves. */
export interface SourceEvents {
  haveChanged(): void;
  suggested?(): void;
  /** Payload bytes of this file arrived from the source. */
  received(bytes: number): void;
  /** Payload bytes of a cancelled request arrived and were dropped. */
  late?(bytes: number): void;
  /** Our position in the upload queue of the peer, of `of` entries (absent: unknown). 0: it is serving us. */
  queued(place: number, of?: number): void;
  /**
   * Our turn after `lineUp`: `bytes` to request now (TURN_UNLIMITED: no limit yet). A turn that is not used expires.
   */
  turn?(bytes: number): void;
  /**
   * The source is gone; open requests end as `lost`. Called once, not after close().
   * @param link - `standing`: the link to the peer stands, but no lane can be opened
   */
  left(reason: ShoalError, link?: 'standing'): void;
}

/** Hashes and writes the bytes of one chunk, piece by piece. */
export interface ChunkWriter {
  /**
   * Accepts the next piece, in order and without gaps. Calls need not wait for one another. The bytes must not change
   * until the promise settles, which may be as late as `finish` or `abandon`.
   * @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE
   */
  write(piece: Uint8Array): Promise<void>;
  /**
   * Ends the chunk after the last piece. Writes may still be under way.
   * @returns true: verified and recorded in the journal; false: corrupt, dropped
   * @throws like `write`
   */
  finish(): Promise<boolean>;
  /** Ends the chunk early and drops its bytes. */
  abandon(): void;
}

/** The result of an offer that we made. */
export interface OfferEvents {
  /** The peer accepted; called again after the link was replaced. */
  accepted(): void;
  /** Chunks were confirmed, see SentOffer.confirmed. Only after `accepted`. */
  confirmed(): void;
  /** The peer refused, or gave up an accepted file. Nothing follows. */
  refused(code: RefusalCode): void;
  /** The peer is gone or did not answer. Nothing follows. */
  lost(reason: ShoalError): void;
}

/** An offer that we made, until it is withdrawn, refused or lost. */
export interface SentOffer {
  /** Chunks that the peer confirmed; undefined: the whole file. */
  readonly confirmed: Bitfield | undefined;
  /** Ends all events of the offer. */
  withdraw(): void;
}

/** A plain socket, on which the system may send files by itself. */
export interface PlainSocket {
  /** Resolves when everything before is sent, and the next bytes may come from elsewhere until the next write. */
  ready(): Promise<void>;
  /** Undefined: closed, or not plain. */
  descriptor(): number | undefined;
}

/** An open file on loan, to be sent without a copy. */
export interface LentFile {
  readonly descriptor: number;
  /** Position of the bytes in the file. */
  readonly position: number;
  /** Ends the loan, once. A shared file that has changed meanwhile is withdrawn. */
  giveBack(): void;
}

import type { Bitfield } from '../Protocol/Bitfield.ts';
import type { BundledFile } from '../Protocol/Bundle.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { RefusalCode, SuggestedRest } from '../Protocol/PeerMessages.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import type { KnownContact } from './Model.ts';

/** How a chunk travels from another peer to the disk: what the network offers, downloads order and files take. Types only. */

/** One peer as a source of one file. Several sources of one peer share its link and lane. */
export interface Source {
  readonly peer: KnownContact;
  /** What it has of the file; kept up to date, told by `haveChanged`. Undefined: everything (its layout need not be known). */
  readonly have: Bitfield | undefined;
  /** What it would have us ask of it; undefined: whatever we like. Told by `suggested`. */
  readonly suggestion?: SourceSuggestion | undefined;
  /** Gives the source the layout once it is known, so that `have` can be read. */
  setChunkCount(chunkCount: number): void;
  /** Chunk hashes, fetched page by page and checked against the id. @throws ShoalError INTEGRITY, NOT_FOUND, UNREACHABLE, TIMEOUT */
  describe(signal: AbortSignal): Promise<FileDescription>;
  /**
   * Asks for one chunk. Requests are pipelined on the peer's lane, in the order of the calls. Never rejects.
   * @param bytes - length of the chunk; more or fewer bytes from the other side break the lane.
   */
  request(chunk: number, bytes: number, writer: ChunkWriter): Promise<ChunkOutcome>;
  /**
   * Takes a request back unless the source has begun with it: ends as `rejected` (cancelled), or goes on. Only where `lineUp` said true.
   */
  withdraw?(chunk: number): void;
  /**
   * Keeps a place in its queue instead of a request: `turn` tells when to ask. Once until then, for all sources of the peer. False, or
   * left out: it does not know that, a request keeps the place.
   */
  lineUp?(): boolean;
  /** The outcome of that request becomes `cancelled`, unless it is decided already. */
  cancel(chunk: number): void;
  /** Ends interest in the file; open requests end as `cancelled`. The link stays for others. */
  close(): void;
}

/** A source that many ask knows what nobody else asked it for: it is meant well, and may be wrong. */
export interface SourceSuggestion {
  /** To be asked of it first; numbers outside the file may be among them. */
  readonly chunks: readonly number[];
  /** What else it would be asked. */
  readonly rest: Exclude<SuggestedRest, 'anything'>;
}

/** One peer as a source of many small files at once: whole ones, of one chunk each. */
export interface BundleSource {
  /**
   * Asks for all of them in one request, pipelined on the peer's lane. The writer gets `bundleBytes(files)` bytes, laid out as there. Never rejects.
   * @param files - at most BUNDLE_FILES_MAX
   */
  request(files: readonly BundledFile[], writer: ChunkWriter): Promise<ChunkOutcome>;
  /** All open requests but the first `keep` end as `cancelled`, unless they are decided already. */
  takeBack(keep: number): void;
  /** Open requests end as `cancelled`. The link stays for others. */
  close(): void;
}

/** How a request for a chunk ended. */
export type ChunkOutcome =
  | { readonly kind: 'verified' }
  /** The bytes came whole, and are wrong. */
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'rejected'; readonly code: RefusalCode }
  | { readonly kind: 'cancelled' }
  /** The link or lane broke. */
  | { readonly kind: 'lost'; readonly reason: ShoalError }
  /** Our own disk failed: not the source's fault. */
  | { readonly kind: 'disk'; readonly reason: ShoalError };

/** What a source tells. Called after `openSource` was called, also before it resolved. */
export interface SourceEvents {
  haveChanged(): void;
  suggested?(): void;
  /** Payload bytes of this file arrived from it. */
  received(bytes: number): void;
  /** Payload bytes arrived of a request that was cancelled: they are dropped. */
  late?(bytes: number): void;
  /** It put us in its queue at `place`, of `of` who wait (left out: not known); 0: it is serving us. */
  queued(place: number, of?: number): void;
  /** We lined up, and it is our turn to ask for about so many bytes (TURN_UNLIMITED: no end yet); at once, or the turn goes to others. */
  turn?(bytes: number): void;
  /** It is gone, open requests are `lost`. Called once, not after close(). */
  left(reason: ShoalError): void;
}

/** Takes the bytes of one chunk as they come: hashes and writes each piece. */
export interface ChunkWriter {
  /** Pieces come in order and without gaps, the next one without waiting for the one before. The bytes must not change until the promise is done, which may wait for `finish` or `abandon`. @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE */
  write(piece: Uint8Array): Promise<void>;
  /** After the last piece, whose bytes may still be on their way. True: verified, on its way to the journal. False: wrong bytes, forgotten. @throws like write */
  finish(): Promise<boolean>;
  /** Nothing more comes: what was written is forgotten. */
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

import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { PeerContact } from '../../Model.ts';

/**
 * What the network offers to whoever downloads: the shapes of Downloads/Wanted.ts, said again because no room
 * imports another door's room. test/Peer/Network/SourceOf.test.ts holds them equal.
 */

/** One peer as a source of one file. Several sources of one peer share its link and lane. */
export interface Source {
  readonly peer: PeerContact & { readonly peerId: PeerId };
  readonly have: Bitfield | undefined;
  setChunkCount(chunkCount: number): void;
  describe(signal: AbortSignal): Promise<FileDescription>;
  request(chunk: number, bytes: number, writer: ChunkWriter): Promise<ChunkOutcome>;
  cancel(chunk: number): void;
  close(): void;
}

/** How a request for a chunk ended. */
export type ChunkOutcome =
  | { readonly kind: 'verified' }
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'rejected'; readonly code: RefusalCode }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lost'; readonly reason: ShoalError }
  | { readonly kind: 'disk'; readonly reason: ShoalError };

/** What a source tells. */
export interface SourceEvents {
  haveChanged(): void;
  received(bytes: number): void;
  queued(place: number): void;
  left(reason: ShoalError): void;
}

/**
 * Takes the bytes of one chunk as they come. `write` is called in order, the next piece without waiting for the
 * promise of the one before; `finish` only when all of them are done; `abandon` at any time, also while writes run.
 */
export interface ChunkWriter {
  write(piece: Uint8Array): Promise<void>;
  finish(): Promise<boolean>;
  abandon(): void;
}

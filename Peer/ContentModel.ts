import type { FileId } from '../Protocol/Ids.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { PlainSocket } from './Transfer.ts';

/** Contents for clients that are no peers, over HTTP. Types only. */

/** Bytes of a file, from the first to before the last. */
export interface ContentRange {
  readonly from: number;
  readonly to: number;
}

/** Destination of the bytes of a file. */
export interface ContentSink {
  /** Host that receives them, for limits and the list of uploads. */
  readonly remote: Address;
  /** Resolves when the bytes may be reused and more may follow. Rejects when the destination is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** For sending without copies. Absent: bytes are written. */
  readonly plain?: PlainSocket | undefined;
}

/** SHA-256 of a content and of its pieces, in hex. */
export interface ContentDigest {
  readonly sha256: string;
  /** Bytes of every piece except the last. */
  readonly pieceBytes: number;
  readonly pieces: readonly string[];
}

/** A file that can be served. */
export interface ServedFile {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** Milliseconds since 1970, of a file of the network as a holder claims; undefined: unknown. */
  readonly modifiedMs: number | undefined;
}

/** A file of the network, open for one client until it is closed. */
export interface NetworkFile extends ServedFile {
  /**
   * Sends a range while it is fetched and verified.
   * @throws ShoalError CANCELLED, TIMEOUT, why the stream ended; failures of the sink pass through
   */
  send(range: ContentRange, to: ContentSink, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** An address with a secret of its own, which serves one content to all clients that have it. */
export interface ShareLink {
  /** Counts from 1; a number is not used again while a later link exists. */
  readonly number: number;
  /** Part of the address. */
  readonly secret: string;
  readonly fileId: FileId;
  /** Path in the share when the link was made. */
  readonly path: string;
  readonly size: number;
  readonly createdWallMs: number;
  readonly expiresWallMs: number;
}

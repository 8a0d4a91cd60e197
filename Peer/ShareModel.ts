import type { FileId } from '../Protocol/Ids.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { FileAttributes } from './Model.ts';
import type { PlacedFile } from './Storage.ts';

/** The local share as the user sees it. Types only. */

/** Figures of the local share. */
export interface ShareStatus extends ShareHealth {
  readonly folder: string;
  /** File that lists what is shared, instead of everything in the folder. */
  readonly manifest?: string | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly version: number;
  readonly hashing: HashingStatus;
  /** Whether the first scan is complete. */
  readonly scanned: boolean;
  /** Paths that cannot be shared, with the reason; at most a few, the newest first. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
  /** Number of all of them by reason, and of the names ignored by rule. */
  readonly notShared: readonly ReasonCount[];
  readonly ignored: readonly ReasonCount[];
}

/** Files found but not hashed yet, and their total size. */
export interface HashingStatus {
  readonly files: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Files of these that were written a moment ago: they are hashed when nothing writes to them. */
  readonly waiting: number;
}

/** State of the share folder itself. */
export interface ShareHealth {
  /** `watching`: changes take effect at once. `re-scanning`: the watch limit was reached. `gone`: it cannot be read. */
  readonly mode: 'watching' | 're-scanning' | 'gone';
  /** Since when, by the wall clock, and why. Nothing is shared meanwhile. */
  readonly gone?: { readonly sinceMs: number; readonly reason: string } | undefined;
  /** No file can be created in it: files are shared, downloads fail. */
  readonly readOnly: boolean;
}

/** Free space of the disk of the share folder, and its speed. */
export interface DiskSpeed {
  readonly freeBytes: number;
  /** Bytes per second of writing, with a sync at the end. Undefined: too little space for the test, or a failure. */
  readonly bytesPerSecond: number | undefined;
  /** Why nothing could be written. Unsafe to print. */
  readonly failure?: string | undefined;
}

/** Number of paths with one reason. */
export interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

/** Events of the disk side. Texts are for users and may contain foreign file names: print them through `safeText`. */
export interface FileEvents {
  /** The catalog has a new version. Changes within 20 ms are coalesced into one event. */
  catalogChanged: [];
  /** An unfinished file has one more verified chunk to serve. */
  chunkVerified: [fileId: FileId, chunk: number];
  /** An unfinished file was closed: finished (the catalog already lists it), kept for later, or discarded. */
  partClosed: [fileId: FileId];
  /** A file cannot be shared. Emitted once per file and reason. */
  problem: [text: string];
  /** The system's watch limit was reached; changes are detected by re-scans. Emitted once. */
  watchLimited: [text: string];
  notice: [text: string]; // The share folder is back.
}

/** A file that an HTTP client offers. Every field but `client` and `byOwner` is a claim. */
export interface DropRequest {
  readonly client: Address;
  readonly path: string;
  readonly size: number;
  readonly attributes: FileAttributes;
  /** Distinguishes files of equal host, path and size, as by their time. */
  readonly key: string;
  /** Whether the user of this peer sends it: then no consent is needed. */
  readonly byOwner: boolean;
  /** Whether the client begins at the first byte, also when some are here. */
  readonly fresh: boolean;
}

/** A drop, as the request that sends it sees it. */
export interface OpenDrop {
  /** Bytes that are here. */
  readonly bytes: number;
  /** @throws ShoalError LOCAL_CONFLICT (another request sends it), CANCELLED, BUSY, DISK_FULL, DISK_FAILED */
  write(piece: Uint8Array): Promise<void>;
  /** Resolves when all bytes are in the share. @throws like write */
  whole(): Promise<Pick<PlacedFile, 'path' | 'fileId'>>;
  /** Ends the request; the bytes are kept for an hour. */
  leave(): void;
}

import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../Protocol/FileId.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
import type { FileHolder, PeerContact } from '../Model.ts';
import type { BundleSource, ChunkWriter, Source, SourceEvents } from '../Transfer.ts';
import type { FolderFile } from './Model.ts';

export type {
  BundleSource,
  ChunkOutcome,
  ChunkWriter,
  Source,
  SourceEvents,
  SourceSuggestion,
} from '../Transfer.ts';

/** What downloads want from the network (NetworkManager) and from the disk (FileManager). */

// ---- from the network

export interface SourceNetwork {
  /** Holders that the trackers know now, partial ones too; empty when none, or when no tracker answers. Never us. */
  locate(fileId: FileId, signal: AbortSignal): Promise<readonly FileHolder[]>;
  /**
   * Opens a source: a control link to the peer (a new or the existing one), interest in the file, a lane when chunks
   * are asked. Resolves when the peer has said what it has of the file.
   * @param known - `complete`: somebody (its listing) said that it has all of it. Nothing is declared or awaited for the file
   * then: resolves as soon as the link is up, `have` stays undefined, and what it lacks after all is `rejected` as not-found. A
   * folder opens and closes thousands of such sources a second: it must be cheap while the link is up. Ignoring it is slow, not wrong.
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, NOT_FOUND (it has nothing of it), CANCELLED
   */
  openSource(
    contact: PeerContact,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known?: 'complete',
  ): Promise<Source>;
  /** A peer that owes us something is quiet: its link ends within seconds if it is not there any more. */
  probe?(contact: PeerContact): void;
  /** Whether a tracker answers now. Left out: one does. */
  hasTracker?(): boolean;
  /** Our limit for bytes from that peer, when it makes them wait now. */
  limitFor?(contact: PeerContact): number | undefined;
  /**
   * Opens a peer as a source of many small files that it listed. Resolves as soon as the link is up; undefined: the peer does not know
   * bundles, each file is asked for by itself. Left out: nobody does. @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED
   */
  openBundles?(
    contact: PeerContact,
    events: Omit<SourceEvents, 'haveChanged'>,
    signal: AbortSignal,
  ): Promise<BundleSource | undefined>;
}

// ---- from the disk

/** A whole small file that arrived among others. */
export interface SmallFile {
  readonly fileId: FileId;
  readonly size: number;
  /** Wanted path, from a stranger. */
  readonly path: string;
  /** Where it begins in the bytes. */
  readonly offset: number;
}

/** `right`: verified and kept, `placed` or `failed` will be told of it. An error: the disk refused it. */
export type SmallVerdict = 'right' | 'wrong' | ShoalError;

export interface SmallTold {
  /** It lies in the share, at this absolute path, and in the catalog. */
  placed(file: SmallFile, path: string): void;
  /** It was verified, and could not get its name after all. */
  failed(file: SmallFile, reason: ShoalError): void;
}

/** Verifies small files and puts them into the share, many at once. No sync of each, nothing to resume. */
export interface SmallPlacer {
  /** Takes the bytes; gives them back, perhaps in other memory, when it needs them no more. One verdict a file, in order. Never rejects. */
  place(
    bytes: Uint8Array,
    files: readonly SmallFile[],
  ): Promise<{ readonly verdicts: readonly SmallVerdict[]; readonly bytes: Uint8Array }>;
  /** Every file that is right gets its name now. After the last `place`. */
  close(): Promise<void>;
}

/** An unfinished file on disk. Held open until close(), finish() or discard(). */
export interface Part {
  readonly description: FileDescription;
  /** Wanted path, relative to the share: safe on every platform. */
  readonly path: string;
  /** Chunks on disk and verified. The same object all the time. */
  readonly verified: Bitfield;
  /** Several may write one chunk at once: the bytes of one never land on right ones of another, and each hears the truth of its own. */
  writer(chunk: number): ChunkWriter;
  /** Syncs, moves the file into the share under its path or ` (2)`, and adds it to the catalog. Returns where it lies, absolute. @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE */
  finish(): Promise<string>;
  /** Keeps it for a later resume. */
  close(): Promise<void>;
  /** Deletes part file and journal. */
  discard(): Promise<void>;
}

/** What is left of an earlier run. */
export interface Unfinished {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  /** The user had paused it. */
  readonly paused: boolean;
  /** Verified bytes, as far as the journal says; left out when that is dear to know. */
  readonly bytes?: number;
}

/** A folder download that is not over, as it is kept over restarts. */
export interface KeptFolder {
  /** The same wish has the same key: 64 hex digits (FolderKey.ts). */
  readonly key: string;
  /** Ends with `/`. */
  readonly path: string;
  readonly files: readonly FolderFile[];
  /** The user had paused it. */
  readonly paused: boolean;
}

export interface PartStore {
  /**
   * Opens the unfinished file of this content, resuming what is there; chunks that may not have reached the disk are
   * checked first. Free space is checked before anything is created. Name and path come from a stranger: they are made safe here.
   * @param description - of a one-chunk file `chunkHashes` may be EMPTY: nobody fetches a description for it. Then `finish()` of its
   * writer says true exactly when `fileIdOf(size, [hash of the received chunk]) === fileId`. Such parts come by the thousand in a folder:
   * no journal, no sync of their own. A file of size 0 has no chunk: `open` then `finish()`.
   * @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT (the same content is being fetched already)
   */
  open(description: FileDescription, path: string): Promise<Part>;
  /** For the small files of one folder download; left out: each is opened by itself. @param wanted - the paths of all that may come */
  placing?(wanted: readonly string[], told: SmallTold): SmallPlacer;
  /** Chunk list of an unfinished file of an earlier run, so that it need not be fetched again. */
  describeUnfinished(fileId: FileId): Promise<FileDescription | undefined>;
  unfinished(): Promise<readonly Unfinished[]>;
  /** Remembers with the part file that the user paused (or resumed) it. */
  setPaused(fileId: FileId, paused: boolean): Promise<void>;
  /** Deletes what is left of a download that is not open. */
  discardUnfinished(fileId: FileId): Promise<void>;
  /** Writes down a folder download, whole or not at all, in the place of an older record with this key. Of the holders a few of each file are kept. @throws ShoalError DISK_FULL, DISK_FAILED */
  keepFolder(folder: KeptFolder): Promise<void>;
  /** The folder downloads that were written down and not forgotten. Damaged records are told to the user and left out. */
  keptFolders(): Promise<readonly KeptFolder[]>;
  /** It is over. Nothing happens when there is no record. @throws ShoalError DISK_FAILED */
  forgetFolder(key: string): Promise<void>;
  /** Resolves when `findComplete` knows everything that lay in the share at the start; and on close. */
  scanned(): Promise<void>;
  /** Where a file of this content lies in the share, absolute; undefined: nowhere. */
  findComplete(fileId: FileId): string | undefined;
  /**
   * Makes content that is here already appear at another path (reflink where possible), never overwriting.
   * Returns where it lies, absolute; the same place when `path` is where it lies already.
   */
  copyComplete(fileId: FileId, path: string): Promise<string>;
  /** @throws ShoalError DISK_FULL with both figures in the message when `bytes` do not fit */
  requireFreeSpace(bytes: number): Promise<void>;
}

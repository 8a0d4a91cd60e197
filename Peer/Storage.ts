import type { Bitfield } from '../Protocol/Bitfield.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { FileId, PeerId } from '../Protocol/Ids.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import type { FileAttributes, FileHolder } from './Model.ts';
import type { ChunkWriter } from './Transfer.ts';

/** The disk as downloads see it: unfinished files, batches of small files, records of folder downloads. Types only. */

/** The disk as downloads see it. `FileManager` implements it. */
export interface DownloadStorage {
  /**
   * Opens the unfinished file with this content, or creates it. On resume, chunks without a sync mark are verified
   * first.
   * @param description - `chunkHashes` may be empty for a file of one chunk. Its chunk is then checked against
   * `fileId`. Such a part lives in memory until it is verified: no journal, no sync, no resume. A file of size 0 has
   * no chunk.
   * @param path - from a stranger; sanitized here
   * @param attributes - of the finished file; unknown ones are taken from an earlier run
   * @param signal - ends the verification: of a large file it takes minutes
   * @throws ShoalError DISK_FULL (before anything is created), DISK_FAILED, LOCAL_CONFLICT (already open), CANCELLED
   */
  open(
    description: FileDescription,
    path: string,
    attributes?: PartAttributes,
    signal?: AbortSignal,
  ): Promise<Part>;
  /**
   * Opens a batch installer for the small files of one folder download.
   * @param wanted - paths of all files that may be installed; read once
   * @param incomplete - the path of `incompleteFolder`: its files enter the catalog when it has its name, or later
   */
  openInstaller(wanted: Iterable<string>, events: InstallEvents, incomplete?: string): SmallFileInstaller;
  /** Description of an unfinished file from its journal, so that it need not be fetched again. */
  describeUnfinished(fileId: FileId): Promise<FileDescription | undefined>;
  unfinished(): Promise<readonly Unfinished[]>;
  /**
   * Stores whether the user paused the download. No effect when there is no part.
   * @throws ShoalError DISK_FULL, DISK_FAILED
   */
  setPaused(fileId: FileId, paused: boolean): Promise<void>;
  /**
   * Stores that the user asks for a pushed content too. No effect when there is no part. Absent: kept for this run
   * only.
   */
  setOwn?(fileId: FileId): Promise<void>;
  /** Deletes part file and journal of a download that is not open. */
  discardUnfinished(fileId: FileId): Promise<void>;
  /**
   * Replaces the record with this key atomically. Keeps only a few holders of each file.
   * @throws ShoalError DISK_FULL, DISK_FAILED
   */
  keepFolder(folder: KeptFolder): Promise<void>;
  /** All records of folder downloads. Damaged records are reported to the user and omitted. */
  keptFolders(): Promise<readonly KeptFolder[]>;
  /** Deletes a record. No effect when there is none. @throws ShoalError DISK_FAILED */
  forgetFolder(key: string): Promise<void>;
  /** Resolves when the first scan of the share is over, or on close. `findComplete` is reliable from then on. */
  scanned(): Promise<void>;
  /** Absolute path of a complete file with this content in the share. */
  findComplete(fileId: FileId): string | undefined;
  /**
   * Copies content of the share to another path (reflink where possible). Never overwrites.
   * @param attributes - of the copy; unknown ones are those of the file copied from
   * @returns the absolute path of the copy, or of the file itself when it already lies at `path`
   */
  copyComplete(fileId: FileId, path: string, attributes?: FileAttributes): Promise<string>;
  /**
   * Path for a folder until it is complete: `name (incomplete)` beside its name, so that finished files are visible,
   * shared and found again after a crash. Undefined: a folder of that name exists, and its files are added to it.
   * Absent: never.
   */
  incompleteFolder?(path: string): string | undefined;
  /**
   * Gives a complete folder its name, with all files at once. If the name is taken meanwhile, its files are moved one
   * by one. @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT
   */
  nameFolder?(from: string, path: string): Promise<NamedFolder>;
  /**
   * Creates folders that are still missing, because they are empty, and sets the times of all. To be called after the
   * last file. Absent: folders keep the time of their last file.
   * @returns the absolute path of the outermost folder
   * @throws ShoalError DISK_FULL, DISK_FAILED, LOCAL_CONFLICT
   */
  finishFolders?(folders: Iterable<FolderFile>): Promise<string | undefined>;
  /** @throws ShoalError DISK_FULL with both figures in the message when `bytes` do not fit */
  requireFreeSpace(bytes: number): Promise<void>;
}

/** A complete folder. */
export interface NamedFolder {
  /** Absolute. */
  readonly path: string;
  /** Resolves when the catalog has its files. Never rejects. */
  readonly shared: Promise<void>;
}

/** Attributes of the finished file, and the origin of the download. */
export interface PartAttributes extends FileAttributes {
  /** The peer that pushes the content; undefined: the user asks for it. */
  readonly pushedBy?: PeerId | undefined;
}

/** An unfinished file, open until `close`, `finish` or `discard`. */
export interface Part {
  readonly description: FileDescription;
  /** Sanitized path of the finished file, relative to the share. */
  readonly path: string;
  /** Verified chunks on disk. Always the same object, updated in place. */
  readonly verified: Bitfield;
  /**
   * Creates a writer for one chunk. Several writers of one chunk may run at the same time: bytes of one never
   * overwrite verified bytes of another, and each gets its own verdict.
   */
  writer(chunk: number): ChunkWriter;
  /**
   * Syncs the file, moves it into the share (as `name (2)` when the name is taken) and adds it to the catalog.
   * @returns its absolute path
   * @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE
   */
  finish(): Promise<string>;
  /** Closes the file and keeps it for a later resume. */
  close(): Promise<void>;
  /** Deletes part file and journal. */
  discard(): Promise<void>;
}

/** An unfinished file of an earlier run. */
export interface Unfinished extends PartAttributes {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  /** Paused by the user. */
  readonly paused: boolean;
  /** Verified bytes according to the journal. */
  readonly bytes: number;
}

/** The persistent record of a folder download in progress. */
export interface KeptFolder {
  /** 64 hex digits, a function of the request (Downloads/Folder/FolderKey.ts): the same request has the same key. */
  readonly key: string;
  /** Ends with `/`. */
  readonly path: string;
  readonly files: FolderFiles;
  /** Paused by the user. */
  readonly paused: boolean;
}

/** The files of a folder download. An array, or columns that make an object for each file as it is read. */
export type FolderFiles = Iterable<FolderFile> & { readonly length: number };

/** One file of a folder download, or a folder: with a path that ends with `/`, and the FileId of an empty file. */
export interface FolderFile extends FileAttributes {
  readonly fileId: FileId;
  readonly size: number;
  /** Wanted path relative to the share, below the folder. */
  readonly path: string;
  /** Peers with the complete file. */
  readonly holders: readonly FileHolder[];
}

/** A small file received in a batch with others. */
export interface SmallFile extends FileAttributes {
  /** Number of the file in its download. */
  readonly row: number;
  readonly fileId: FileId;
  readonly size: number;
  /** Wanted path; from a stranger. */
  readonly path: string;
  /** Position of its first byte in the bytes of the batch. */
  readonly offset: number;
}

/**
 * `right`: verified and stored; `InstallEvents` reports its installation. `wrong`: corrupt. An error: the disk
 * failed.
 */
export type SmallVerdict = 'right' | 'wrong' | ShoalError;

/** Callbacks of a batch installer, once for each file with the verdict `right`. */
export interface InstallEvents {
  /** The file is in the share, at this absolute path, and in the catalog. */
  installed(file: SmallFile, path: string): void;
  /** The file was verified, but could not be installed. */
  failed(file: SmallFile, reason: ShoalError): void;
}

/** Verifies and installs small files in batches. No sync, nothing to resume. */
export interface SmallFileInstaller {
  /**
   * Takes ownership of `bytes` until it resolves. Never rejects.
   * @returns one verdict per file, in order; and the bytes, possibly in another buffer
   */
  install(
    bytes: Uint8Array,
    files: readonly SmallFile[],
  ): Promise<{ readonly verdicts: readonly SmallVerdict[]; readonly bytes: Uint8Array }>;
  /**
   * Whether the files of an incomplete folder are kept out of the catalog: true at first. False shares them at once,
   * for other peers that miss the same source. Absent: they never are.
   */
  hold?(isHeld: boolean): void;
  /** Installs every verified file now. To be called after the last `install`. */
  close(): Promise<void>;
}

/** Storage of files whose content is known only when they are whole. */
export interface DropStorage {
  /**
   * Creates an empty file outside the share, or opens what an earlier run has left of it: the chunks that are right.
   * @param path - wanted path; from a stranger, sanitized here
   * @throws ShoalError DISK_FULL with room for this and all other incoming files, DISK_FAILED, LOCAL_CONFLICT (it is
   * being received); BAD_FRAME for the size
   */
  receive(
    path: string,
    size: number,
    attributes: FileAttributes,
    identity: DropIdentity,
  ): Promise<IncomingFile>;
}

/** Identity of a drop, also after a restart of the peer. */
export interface DropIdentity {
  /** Equal for the same file of the same client. */
  readonly key: string;
  /** Whether the client begins at the first byte, also when some are here. */
  readonly fresh: boolean;
}

/** A file that arrives in order. Its chunks are hashed meanwhile. */
export interface IncomingFile {
  readonly size: number;
  /** Bytes on disk and hashed. */
  readonly bytes: number;
  /**
   * Appends. Calls must wait for one another; after a failure the same bytes may be written again.
   * @throws ShoalError DISK_FULL, DISK_FAILED; RangeError beyond `size`
   */
  write(piece: Uint8Array): Promise<void>;
  /**
   * Syncs the whole file and moves it into the share, as `name (2)` when the name is taken. Content that is at that
   * path already gets no second copy.
   * @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE, LOCAL_CONFLICT
   */
  finish(): Promise<PlacedFile>;
  /** Deletes it. Safe to call twice, and after `finish`. */
  discard(): void;
}

/** A file in the share. */
export interface PlacedFile {
  /** Relative to the share. */
  readonly path: string;
  readonly absolute: string;
  readonly fileId: FileId;
}

import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import type { DownloadStatus, FileVersions } from '../DownloadModel.ts';
import type { FileAttributes, FileHolder, PeerContact } from '../Model.ts';
import type { FolderFiles } from '../Storage.ts';

/** Types of downloads. */

/**
 * Order of chunks. `any`: best for the swarm, rarest first. `in order`: ascending, for a reader of the growing
 * file.
 */
export type PickOrder = 'any' | 'in order';

/** Place of a download in the order of all; lower ones go first. It changes when the user puts one first. */
export interface Rank {
  value: number;
}

/** A request to download one content. */
export interface FileWish extends FileAttributes {
  readonly fileId: FileId;
  /** A claim: the description of the file, which is verified, says how large it is. */
  readonly size: number;
  /** Wanted path relative to the share. May come from a stranger: the storage makes it safe. */
  readonly path: string;
  /** Known holders; more are located. */
  readonly holders: readonly FileHolder[];
  readonly order?: PickOrder;
  /** Fails with NOT_FOUND when no source was found within this time. Undefined: never. */
  readonly giveUpMs?: number;
  /** Other contents of that path. */
  readonly versions?: readonly FileVersions[];
  /** The peer that pushes the content; undefined: the user asks for it. */
  readonly pushedBy?: PeerId | undefined;
}

/** A request to download many contents below one folder, as planFolder lists them. */
export interface FolderWish {
  /** Folder path, with or without a trailing `/`. */
  readonly path: string;
  readonly files: FolderFiles;
  readonly giveUpMs?: number;
  /** Paths of which several contents exist. */
  readonly versions?: readonly FileVersions[];
}

/** Consequence for a source that sent corrupt data. */
export type Verdict =
  /** Used for that file only when no other source has it. */
  | 'distrusted'
  /** Distrusted before; a pending request was corrupt too. */
  | 'distrusted again'
  /** Not used for any file for an hour. */
  | 'banned';

/** Events of DownloadManager. Texts may come from strangers: print them through safeText. */
export interface DownloadEvents {
  /** The state changed (not the byte count). */
  changed: [download: DownloadStatus];
  completed: [download: DownloadStatus];
  failed: [download: DownloadStatus];
  /** A peer sent data of the file at `path` that failed verification. */
  sourceBlamed: [peer: PeerContact, path: string, verdict: Verdict];
  /** The first chunks of a file can be served: announce it as partial. Not emitted for one-chunk files. */
  partialStarted: [fileId: FileId];
}

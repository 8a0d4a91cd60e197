import type { FileId } from '../../Protocol/Ids.ts';
import type { DownloadStatus, FileHolder, PeerContact } from '../Model.ts';
import type { FolderFile } from '../Storage.ts';

/** The nouns of downloads. Types only. */

/** `any`: what is best for the swarm. `in order`: from the first byte to the last, for a reader that follows. */
export type PickOrder = 'any' | 'in order';

/** One content to fetch. */
export interface FileWish {
  readonly fileId: FileId;
  readonly size: number;
  /** Wanted path, relative to the share. May come from a stranger: the disk side makes it safe. */
  readonly path: string;
  /** Who is known to have it; more are looked for. */
  readonly holders: readonly FileHolder[];
  readonly order?: PickOrder;
  /** Without any source for this long from the start it fails with NOT_FOUND; without it, it keeps looking for ever. */
  readonly giveUpMs?: number;
}

/** Many contents below one folder, as FolderPlan makes them. */
export interface FolderWish {
  /** The folder, with or without a trailing `/`. */
  readonly path: string;
  readonly files: readonly FolderFile[];
  readonly giveUpMs?: number;
}

/** What became of a source that sent wrong bytes. */
export type Verdict =
  /** Not asked for that file again unless nobody else has it. */
  | 'distrusted'
  /** It was that already: what was under way came wrong too. */
  | 'distrusted again'
  /** Not asked for anything for an hour. */
  | 'banned';

/** What DownloadManager tells. Texts may come from strangers: print them through safeText. */
export interface DownloadEvents {
  /** Its state changed (not its bytes). */
  changed: [download: DownloadStatus];
  completed: [download: DownloadStatus];
  failed: [download: DownloadStatus];
  /** A peer sent bytes of the file at `path` that do not hash to what they should. */
  sourceBlamed: [peer: PeerContact, path: string, verdict: Verdict];
  /** We can serve parts of a file from now on: announce it as partial. Not told for one-chunk files. */
  partialStarted: [fileId: FileId];
}

import type { FileExtensions } from '../../Protocol/Extensions.ts';
import type { FileId } from '../../Protocol/Ids.ts';

/** A shared file. Without a path: a running download (partial source). */
export interface SharedFile extends FileExtensions {
  readonly path: string;
  readonly size: number;
  readonly fileId: FileId;
}

/** A matching file, with one of its paths. */
export interface FoundFile {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** Row of the content in the index when it was found. */
  readonly row: number;
}

export interface FoundFiles {
  /** Number of matches; `files` are the best. */
  readonly total: number;
  readonly files: readonly FoundFile[];
}

export interface Holding {
  readonly owner: number;
  readonly complete: boolean;
  /** The size it claims. */
  readonly size: number;
}

/** Holders of a content. */
export interface ContentHolders extends FileExtensions {
  /** The size that most of them claim; of equally many, the one claimed first. */
  readonly size: number;
  /** Number of holders; an estimate when not all entries were examined. */
  readonly count: number;
  /** Complete ones first. */
  readonly holders: readonly Holding[];
}

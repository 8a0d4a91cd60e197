import type { FileId } from '../../Protocol/Ids.ts';

/** A file as an owner shares it. No path: a running download, a partial source. */
export interface SharedFile {
  readonly path: string;
  readonly size: number;
  readonly fileId: FileId;
}

/** A file that matched, under one of the paths it is shared as. */
export interface FoundFile {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
}

export interface FoundFiles {
  /** All that matched; `files` are the best of them. */
  readonly total: number;
  readonly files: readonly FoundFile[];
}

export interface Holding {
  readonly owner: number;
  readonly complete: boolean;
}

/** Who has one content. */
export interface ContentHolders {
  readonly size: number;
  /** How many have it; about, when not all were looked at. */
  readonly count: number;
  /** Complete ones come first. */
  readonly holders: readonly Holding[];
}

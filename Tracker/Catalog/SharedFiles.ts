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

/** Who has one content. Complete holders come first. */
export interface ContentHolders {
  readonly size: number;
  readonly holders: readonly { readonly owner: number; readonly complete: boolean }[];
}

import { type Codec, text, uint53 } from './Codec.ts';
import { extensible, type FileExtensions, fileExtensions, fileExtensionsBytes } from './Extensions.ts';
import { type FileId, fileId } from './Ids.ts';
import { FILE_EXTENSIONS_BYTES_MAX, PATH_BYTES_MAX } from './Limits.ts';

/** The modification time is a field: every listed file has one. */
type Extensions = Pick<FileExtensions, 'executable'>;

/**
 * A file in a peer's listing. A folder is listed too, with its modification time: its path ends with `/`, and it has
 * the size and FileId of an empty file.
 */
export interface ListedFile extends Extensions {
  /** Relative to the share folder, separated by `/`. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly fileId: FileId;
}

export const listedFile: Codec<ListedFile> = extensible<ListedFile, Extensions>(
  { path: text(PATH_BYTES_MAX), size: uint53, modifiedMs: uint53, fileId },
  { executable: fileExtensions.executable },
  FILE_EXTENSIONS_BYTES_MAX,
);

/** Whether an entry is a folder. */
export function isListedFolder({ path }: Pick<ListedFile, 'path'>): boolean {
  return path.endsWith('/');
}

/** Encoded size. */
export function listedFileBytes({ path, executable }: ListedFile): number {
  return 2 + Buffer.byteLength(path) + 8 + 8 + 32 + fileExtensionsBytes({ executable });
}

import { type Codec, struct, text, uint53 } from './Codec.ts';
import { type FileId, fileId } from './Ids.ts';
import { PATH_BYTES_MAX } from './Limits.ts';

/** A file in a peer's listing. */
export interface ListedFile {
  /** Relative to the share folder, separated by `/`. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly fileId: FileId;
}

export const listedFile: Codec<ListedFile> = struct<ListedFile>({
  path: text(PATH_BYTES_MAX),
  size: uint53,
  modifiedMs: uint53,
  fileId,
});

/** Encoded size. */
export function listedFileBytes({ path }: ListedFile): number {
  return 2 + Buffer.byteLength(path) + 8 + 8 + 32;
}

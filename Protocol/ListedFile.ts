import { type Codec, text, uint53 } from './Codec.ts';
import { type FileId, fileId } from './Ids.ts';
import { PATH_BYTES_MAX } from './Limits.ts';

/** A file as one peer lists it to another. */
export interface ListedFile {
  /** Relative to the share, `/` between folders. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly fileId: FileId;
}

const listedPath = text(PATH_BYTES_MAX);

/** By hand: a folder is listed by the ten thousand. */
export const listedFile: Codec<ListedFile> = {
  write: (out, file) => {
    listedPath.write(out, file.path);
    uint53.write(out, file.size);
    uint53.write(out, file.modifiedMs);
    fileId.write(out, file.fileId);
  },
  read: (input) => ({
    path: listedPath.read(input),
    size: uint53.read(input),
    modifiedMs: uint53.read(input),
    fileId: fileId.read(input),
  }),
};

/** How much of a page a file takes. */
export function listedFileBytes({ path }: ListedFile): number {
  return 2 + Buffer.byteLength(path) + 8 + 8 + 32;
}

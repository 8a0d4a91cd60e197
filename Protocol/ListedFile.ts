import { type Codec, text, uint8, uint53 } from './Codec.ts';
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

const pathText = text(PATH_BYTES_MAX);
const extensions = extensible({}, { executable: fileExtensions.executable }, FILE_EXTENSIONS_BYTES_MAX);

/** Written out instead of `extensible`, for speed: a page has hundreds, and nearly none has extensions. */
export const listedFile: Codec<ListedFile> = {
  write: (out, file) => {
    pathText.write(out, file.path);
    uint53.write(out, file.size);
    uint53.write(out, file.modifiedMs);
    fileId.write(out, file.fileId);
    if (file.executable === undefined) uint8.write(out, 0);
    else extensions.write(out, file);
  },
  read: (input) => {
    const path = pathText.read(input);
    const size = uint53.read(input);
    const modifiedMs = uint53.read(input);
    const file = { path, size, modifiedMs, fileId: fileId.read(input) };
    if (input.bytes[input.bytes.length - input.remaining] !== 0)
      return Object.assign(file, extensions.read(input));
    input.take(1);
    return file;
  },
};

/** Whether an entry is a folder. */
export function isListedFolder({ path }: Pick<ListedFile, 'path'>): boolean {
  return path.endsWith('/');
}

/** Encoded size. */
export function listedFileBytes({ path, executable }: ListedFile): number {
  return 2 + Buffer.byteLength(path) + 8 + 8 + 32 + fileExtensionsBytes({ executable });
}

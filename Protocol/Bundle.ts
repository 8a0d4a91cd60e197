import { type Codec, list, uint32 } from './Codec.ts';
import { type FileId, fileId } from './Ids.ts';
import { BUNDLE_FILES_MAX } from './Limits.ts';

/** A small file requested together with others. */
export interface BundledFile {
  readonly fileId: FileId;
  /** Listed size, 1 to BUNDLED_FILE_BYTES_MAX bytes. */
  readonly size: number;
}

/**
 * Length of a bundle's answer. Per file: a byte 1 and its content, or a byte 0 and as many zeros when it is not
 * available.
 */
export function bundleBytes(files: readonly BundledFile[]): number {
  return files.reduce((sum, { size }) => sum + 1 + size, 0);
}

/** Written out instead of a `struct`, for speed: a request has hundreds. */
const bundledFile: Codec<BundledFile> = {
  write: (out, file) => {
    fileId.write(out, file.fileId);
    uint32.write(out, file.size);
  },
  read: (input) => ({ fileId: fileId.read(input), size: uint32.read(input) }),
};

export const bundledFiles = list(bundledFile, BUNDLE_FILES_MAX);

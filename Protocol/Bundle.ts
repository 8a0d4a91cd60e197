import { type Codec, list, uint32 } from './Codec.ts';
import { type FileId, fileId } from './Ids.ts';
import { BUNDLE_FILES_MAX } from './Limits.ts';

/** A whole small file, wanted together with others. */
export interface BundledFile {
  readonly fileId: FileId;
  /** As listed: 1 byte to BUNDLED_FILE_BYTES_MAX. */
  readonly size: number;
}

/** Length of the answer to a bundle: of each file one byte, 1, and its bytes; or 0, and as many zeros, when it cannot be given. */
export function bundleBytes(files: readonly BundledFile[]): number {
  return files.reduce((sum, { size }) => sum + 1 + size, 0);
}

/** By hand: hundreds in each request. */
const bundledFile: Codec<BundledFile> = {
  write: (out, file) => {
    fileId.write(out, file.fileId);
    uint32.write(out, file.size);
  },
  read: (input) => ({ fileId: fileId.read(input), size: uint32.read(input) }),
};

export const bundledFiles = list(bundledFile, BUNDLE_FILES_MAX);

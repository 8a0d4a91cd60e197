import { createBlake3 } from '../../../Protocol/Blake3.ts';
import type { FolderFiles } from '../../Storage.ts';

/**
 * Identifies a folder download by its path and files, independent of the holders: the same request continues the
 * same download. Computed on first use: most downloads end earlier, and for many files hashing takes as long as
 * the first requests.
 */
export class FolderKey {
  readonly path: string;
  readonly #files: FolderFiles;
  #hex: string | undefined;

  constructor(path: string, files: FolderFiles) {
    this.path = path;
    this.#files = files;
  }

  get hex(): string {
    this.#hex ??= keyOf(this.path, this.#files);
    return this.#hex;
  }

  equals(other: FolderKey): boolean {
    return this.path === other.path && this.#files.length === other.#files.length && this.hex === other.hex;
  }
}

/** Bytes that are hashed at once. A line takes a few kilobytes at most. */
const PIECE_BYTES = 64 * 1_024;

function keyOf(path: string, files: FolderFiles): string {
  const hash = createBlake3();
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let length = 0;
  const add = (line: string) => {
    // A UTF-16 code unit takes at most three bytes.
    if (length + line.length * 3 > PIECE_BYTES) {
      hash.update(piece.subarray(0, length));
      length = 0;
    }
    length += piece.write(line, length);
  };
  add(`${path}\n`);
  for (const file of files) add(`${file.fileId} ${file.size} ${file.path}\n`);
  hash.update(piece.subarray(0, length));
  return hash.digest();
}

import { hashBytes } from '../../../Protocol/FileId.ts';
import type { FolderFile } from '../../Storage.ts';

/**
 * Identifies a folder download by its path and files, independent of the holders: the same request continues the
 * same download. Computed on first use: most downloads end earlier, and for many files hashing takes as long as
 * the first requests.
 */
export class FolderKey {
  readonly path: string;
  readonly #files: readonly FolderFile[];
  #hex: string | undefined;

  constructor(path: string, files: readonly FolderFile[]) {
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

function keyOf(path: string, files: readonly FolderFile[]): string {
  const lines = files.map((file) => `${file.fileId} ${file.size} ${file.path}\n`);
  return hashBytes(Buffer.from(`${path}\n${lines.join('')}`));
}

import { hashBytes } from '../../../Protocol/FileId.ts';
import type { FolderFile } from '../../Storage.ts';

/**
 * Names a folder wish by its path and files, whoever has them: asked for again, it is the same download. Made when it is first
 * wanted: most downloads are over before, and of many files it takes as long as asking for the first of them.
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

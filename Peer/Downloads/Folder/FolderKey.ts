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

/** Lines that are hashed at once: one text of all would take twice the memory of the files. */
const LINES = 1_024;

function keyOf(path: string, files: FolderFiles): string {
  const hash = createBlake3();
  let lines = [`${path}\n`];
  for (const file of files) {
    lines.push(`${file.fileId} ${file.size} ${file.path}\n`);
    if (lines.length < LINES) continue;
    hash.update(Buffer.from(lines.join('')));
    lines = [];
  }
  hash.update(Buffer.from(lines.join('')));
  return hash.digest();
}

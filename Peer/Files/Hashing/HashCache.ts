import type { FileId } from '../../../Protocol/Ids.ts';
import type { FileState } from '../Disk/FileState.ts';

/** Cached result of hashing a file: the state it was hashed in, and its FileId. */
export interface HashedFile {
  readonly state: FileState;
  readonly fileId: FileId;
}

/** Caches hashes of files by path, across restarts. Never throws: a failed read is a miss, a failed write is lost. */
export interface HashCache {
  /** Yields all entries of one share folder, by path relative to it. */
  load(root: string): AsyncIterable<readonly [path: string, file: HashedFile]>;
  /** @param hashes - concatenated chunk hashes: 32 bytes each, or 64 lower-case hex digits each */
  put(root: string, path: string, file: HashedFile, hashes: Uint8Array | string): void;
  hashes(root: string, path: string): Uint8Array | undefined;
  remove(root: string, path: string): void;
  close(): Promise<void>;
}

/** Cache in memory, for one run. */
export class MemoryHashCache implements HashCache {
  readonly #entries = new Map<string, { path: string; file: HashedFile; hashes: Uint8Array | string }>();

  async *load(root: string): AsyncGenerator<readonly [string, HashedFile]> {
    for (const [key, { path, file }] of this.#entries) if (key === keyOf(root, path)) yield [path, file];
  }

  put(root: string, path: string, file: HashedFile, hashes: Uint8Array | string): void {
    this.#entries.set(keyOf(root, path), { path, file, hashes });
  }

  hashes(root: string, path: string): Uint8Array | undefined {
    return hashBytesOf(this.#entries.get(keyOf(root, path))?.hashes);
  }

  remove(root: string, path: string): void {
    this.#entries.delete(keyOf(root, path));
  }

  async close(): Promise<void> {}
}

export function hashBytesOf(hashes: Uint8Array | string | undefined): Uint8Array | undefined {
  return typeof hashes === 'string' ? Buffer.from(hashes, 'hex') : hashes;
}

function keyOf(root: string, path: string): string {
  return `${root}\0${path}`;
}

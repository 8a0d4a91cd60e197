import type { FileId } from '../../../Protocol/Ids.ts';
import type { FileState } from '../Disk/FileState.ts';
import { movedPath } from '../Disk/Paths.ts';

/** Cached result of hashing a file: the state it was hashed in, and its FileId. */
export interface HashedFile {
  readonly state: FileState;
  readonly fileId: FileId;
}

/** One record of the cache. A later one of the same path replaces it; `file` undefined: the entry was removed. */
export interface CachedFile {
  readonly path: string;
  readonly file: HashedFile | undefined;
}

/** A record of the cache: all entries below a folder were renamed with it. */
export interface FolderRename {
  readonly from: string;
  readonly to: string;
}

export type CacheRecord = CachedFile | FolderRename;

/** Path of an entry after a rename. */
export function renamedPath(path: string, { from, to }: FolderRename): string {
  return path.startsWith(`${from}/`) ? movedPath(path, from, to) : path;
}

/** Renames the keys below a folder; they are the last ones then. */
export function renameKeys<T>(entries: Map<string, T>, rename: FolderRename): void {
  const below: [string, T][] = [];
  for (const entry of entries) if (entry[0].startsWith(`${rename.from}/`)) below.push(entry);
  for (const [path, entry] of below) {
    entries.delete(path);
    entries.delete(renamedPath(path, rename));
    entries.set(renamedPath(path, rename), entry);
  }
}

/** Caches hashes of the files of one share by path. Never throws: a failed read is a miss, a failed write is kept. */
export interface HashCache {
  /** Yields the records of earlier runs, oldest first. Called once, before any other method. */
  load(): AsyncIterable<readonly CacheRecord[]>;
  /** @param hashes - concatenated chunk hashes: 32 bytes each, or 64 lower-case hex digits each */
  put(path: string, file: HashedFile, hashes: Uint8Array | string): void;
  hashes(path: string): Uint8Array | undefined;
  remove(path: string): void;
  /** Renames all entries below a folder with one record. */
  renameFolder(rename: FolderRename): void;
  close(): Promise<void>;
}

/** Value of an entry, before it is stored. */
export interface HashCacheEntry {
  readonly file: HashedFile;
  readonly hashes: Uint8Array | string;
}

/** Cache in memory, for one run. */
export class MemoryHashCache implements HashCache {
  readonly #entries = new Map<string, HashCacheEntry>();

  async *load(): AsyncGenerator<readonly CachedFile[]> {
    yield Array.from(this.#entries, ([path, { file }]) => ({ path, file }));
  }

  put(path: string, file: HashedFile, hashes: Uint8Array | string): void {
    this.#entries.set(path, { file, hashes });
  }

  hashes(path: string): Uint8Array | undefined {
    return hashBytesOf(this.#entries.get(path)?.hashes);
  }

  remove(path: string): void {
    this.#entries.delete(path);
  }

  renameFolder(rename: FolderRename): void {
    renameKeys(this.#entries, rename);
  }

  async close(): Promise<void> {}
}

export function hashBytesOf(hashes: Uint8Array | string | undefined): Uint8Array | undefined {
  return typeof hashes === 'string' ? Buffer.from(hashes, 'hex') : hashes;
}

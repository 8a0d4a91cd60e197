import { EventEmitter } from 'node:events';
import type { Bitfield } from '../Protocol/Bitfield.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { FileId } from '../Protocol/Ids.ts';
import type { PublishedEntry } from '../Protocol/TrackerMessages.ts';
import type { Clock, WallClock } from '../Shared/Clock.ts';
import type { Log } from '../Shared/Log.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { Part, Unfinished } from './Files/Part.ts';
import type { ScanSettings } from './Files/Settings.ts';
import type { CatalogEntry, ShareStatus } from './Model.ts';

export interface FileManagerOptions {
  /** The share folder; made when missing. Unfinished files lie in its `Temp/`. */
  readonly shareDir: string;
  /** Where the hash cache of this user lies; undefined: hashes are remembered for this run only. */
  readonly cacheDir: string | undefined;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly log: Log;
  /** Threads that hash; 0: hash in this thread (tests). Default: one less than there are cores, 1 to 4. */
  readonly hashWorkers?: number;
  readonly scan?: Partial<ScanSettings>;
}

/** What the disk side tells. All texts are for people; print them through `safeText`. */
export interface FileEvents {
  /** The catalog has a new version. */
  catalogChanged: [];
  /** An unfinished file has one more chunk to serve. */
  chunkVerified: [fileId: FileId, chunk: number];
  /** An unfinished file was opened: it can be served and announced. */
  partOpened: [fileId: FileId];
  /** It is not open any more: finished, put away or thrown away. */
  partClosed: [fileId: FileId];
  /** A file cannot be shared, or only badly. */
  problem: [text: string];
  /** Told once: the system's watch limit is reached, changes show up later. */
  watchLimited: [text: string];
}

/**
 * The disk side of a peer: share folder, catalog, reading chunks for others, writing unfinished files.
 * Keeps the contracts ChunkProvider and CatalogFeed (Network/Wanted.ts) and PartStore (Downloads/Wanted.ts).
 */
export class FileManager extends EventEmitter<FileEvents> {
  readonly #options: FileManagerOptions;

  constructor(options: FileManagerOptions) {
    super();
    this.#options = options;
  }

  /** Makes the folders, opens the hash cache and begins the first scan; does not wait for its end: `scanned()` does. @throws ShoalError DISK_FAILED */
  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  /** Safe to call twice and during start. */
  async close(): Promise<void> {}

  /** Resolves when everything that lay in the folder at the start is in the catalog, or was told as a problem. */
  async scanned(): Promise<void> {}

  /** Looks at the whole folder now. Resolves when what it found is in the catalog. */
  async rescan(): Promise<void> {}

  status(): ShareStatus {
    throw this.#later();
  }

  // ---- catalog

  get version(): number {
    return 0;
  }

  get files(): number {
    return 0;
  }

  get bytes(): number {
    return 0;
  }

  entries(): readonly PublishedEntry[] {
    return [];
  }

  changesSince(_version: number): readonly PublishedEntry[] | undefined {
    return undefined;
  }

  list(_folder: string): readonly CatalogEntry[] {
    return [];
  }

  /** A complete file of this content; the first by path when there are several. */
  find(_fileId: FileId): CatalogEntry | undefined {
    return undefined;
  }

  findPath(_path: string): CatalogEntry | undefined {
    return undefined;
  }

  // ---- serving

  holdings(_fileId: FileId): Bitfield | 'all' | undefined {
    return undefined;
  }

  sizeOf(_fileId: FileId): number | undefined {
    return undefined;
  }

  pathOf(_fileId: FileId): string | undefined {
    return undefined;
  }

  async describe(_fileId: FileId): Promise<FileDescription> {
    throw this.#later();
  }

  async read(_fileId: FileId, _chunk: number, _offset: number, _into: Uint8Array): Promise<void> {
    throw this.#later();
  }

  // ---- unfinished files

  async open(_description: FileDescription, _path: string): Promise<Part> {
    throw this.#later();
  }

  async describeUnfinished(_fileId: FileId): Promise<FileDescription | undefined> {
    return undefined;
  }

  async unfinished(): Promise<readonly Unfinished[]> {
    return [];
  }

  async setPaused(_fileId: FileId, _paused: boolean): Promise<void> {}

  async discardUnfinished(_fileId: FileId): Promise<void> {}

  findComplete(_fileId: FileId): string | undefined {
    return undefined;
  }

  async copyComplete(_fileId: FileId, _path: string): Promise<string> {
    throw this.#later();
  }

  async requireFreeSpace(_bytes: number): Promise<void> {}

  #later(): ShoalError {
    return new ShoalError('NOT_FOUND', `nothing is shared from ${this.#options.shareDir} yet`);
  }
}

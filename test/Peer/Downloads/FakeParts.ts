import type {
  DownloadStorage,
  InstallEvents,
  KeptFolder,
  Part,
  SmallFileInstaller,
  SmallVerdict,
  Unfinished,
} from '../../../Peer/Storage.ts';
import type { ChunkWriter } from '../../../Peer/Transfer.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

/** A disk in memory that keeps no bytes, only the set of verified chunks. */
export class FakeParts implements DownloadStorage {
  readonly complete = new Map<FileId, string>();
  readonly left = new Map<FileId, FakePart>();
  readonly opened = new Set<FileId>();
  /** Thrown by every write and open while set. */
  fault: ShoalError | undefined;
  /** Stored folder records. */
  kept = 0;
  readonly folders = new Map<string, KeptFolder>();
  scanning: Promise<void> | undefined;
  free = Number.MAX_SAFE_INTEGER;
  copies: string[] = [];
  /** Whether the files of an incomplete folder are to be kept out of the catalog, as it changed. */
  readonly holds: boolean[] = [];
  /** Maximum number of parts open at once. */
  openMax = 0;

  async open(description: FileDescription, path: string): Promise<Part> {
    if (this.fault !== undefined) throw this.fault;
    const { fileId } = description;
    if (this.opened.has(fileId)) throw new ShoalError('LOCAL_CONFLICT', 'open already');
    this.opened.add(fileId);
    this.openMax = Math.max(this.openMax, this.opened.size);
    const part = this.left.get(fileId) ?? new FakePart(this, description, path);
    this.left.set(fileId, part);
    return part;
  }

  /** Every other file has its name at once, the others a moment later. */
  openInstaller(_wanted: Iterable<string>, events: InstallEvents): SmallFileInstaller {
    let count = 0;
    const later = new Set<() => void>();
    return {
      install: async (bytes, files) => {
        const verdicts = files.map((file): SmallVerdict => {
          if (this.fault !== undefined) return this.fault;
          if (bytes[file.offset] !== 0) return 'wrong';
          const place = () => {
            later.delete(place);
            this.complete.set(file.fileId, `/share/${file.path}`);
            events.installed(file, `/share/${file.path}`);
          };
          if (count++ % 2 === 0) place();
          else later.add(place);
          return 'right';
        });
        setImmediate(() => {
          for (const place of later) place();
        });
        return { verdicts, bytes };
      },
      hold: (isHeld) => this.holds.push(isHeld),
      close: async () => {
        for (const place of later) place();
      },
    };
  }

  async describeUnfinished(fileId: FileId): Promise<FileDescription | undefined> {
    return this.left.get(fileId)?.description;
  }

  async unfinished(): Promise<readonly Unfinished[]> {
    return [...this.left].map(([fileId, { path, description, paused, verified }]) => ({
      bytes: verified.count * description.layout.chunkBytes,
      fileId,
      path,
      size: description.layout.size,
      paused,
    }));
  }

  async setPaused(fileId: FileId, paused: boolean): Promise<void> {
    const part = this.left.get(fileId);
    if (part === undefined) throw new ShoalError('NOT_FOUND', 'nothing there');
    part.paused = paused;
  }

  async discardUnfinished(fileId: FileId): Promise<void> {
    if (this.opened.has(fileId)) throw new Error('it is open');
    this.left.delete(fileId);
  }

  findComplete(fileId: FileId): string | undefined {
    return this.complete.get(fileId);
  }

  async copyComplete(fileId: FileId, path: string): Promise<string> {
    const from = this.complete.get(fileId);
    if (from !== `/share/${path}`) this.copies.push(path);
    return `/share/${path}`;
  }

  async keepFolder(folder: KeptFolder): Promise<void> {
    if (this.fault !== undefined) throw this.fault;
    this.kept++;
    this.folders.set(folder.key, folder);
  }

  async keptFolders(): Promise<readonly KeptFolder[]> {
    return [...this.folders.values()];
  }

  async forgetFolder(key: string): Promise<void> {
    this.folders.delete(key);
  }

  async scanned(): Promise<void> {
    await this.scanning;
  }

  async requireFreeSpace(bytes: number): Promise<void> {
    if (bytes > this.free) throw new ShoalError('DISK_FULL', `${bytes} are needed, ${this.free} are free`);
  }
}

export class FakePart implements Part {
  readonly description: FileDescription;
  readonly path: string;
  readonly verified: Bitfield;
  paused = false;
  readonly #store: FakeParts;

  constructor(store: FakeParts, description: FileDescription, path: string) {
    this.#store = store;
    this.description = description;
    this.path = path;
    this.verified = new Bitfield(description.layout.chunkCount);
  }

  writer(chunk: number): ChunkWriter {
    let bytes = 0;
    let right = true;
    return {
      write: async (piece) => {
        if (this.#store.fault !== undefined) throw this.#store.fault;
        right &&= piece[0] === 0;
        bytes += piece.length;
      },
      finish: async () => {
        if (this.#store.fault !== undefined) throw this.#store.fault;
        if (!right || bytes !== chunkLength(this.description.layout, chunk)) return false;
        this.verified.set(chunk);
        return true;
      },
      abandon: () => {},
    };
  }

  async finish(): Promise<string> {
    if (this.#store.fault !== undefined) throw this.#store.fault;
    if (!this.verified.complete) throw new Error('not whole');
    this.#end();
    this.#store.left.delete(this.description.fileId);
    this.#store.complete.set(this.description.fileId, `/share/${this.path}`);
    return `/share/${this.path}`;
  }

  async close(): Promise<void> {
    this.#end();
  }

  async discard(): Promise<void> {
    this.#end();
    this.#store.left.delete(this.description.fileId);
  }

  #end(): void {
    this.#store.opened.delete(this.description.fileId);
  }
}

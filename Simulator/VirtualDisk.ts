import type { ChunkProvider } from '../Peer/Network/Ports.ts';
import type { DownloadStorage, Part, SmallFileInstaller } from '../Peer/Storage.ts';
import type { ChunkWriter } from '../Peer/Transfer.ts';
import { Bitfield } from '../Protocol/Bitfield.ts';
import { chunkLayout } from '../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf } from '../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../Protocol/Ids.ts';
import { ShoalError } from '../Shared/ShoalError.ts';

const RIGHT = 0;
const WRONG = 1;

/** A file with a length and no content. */
export function virtualFile(size: number): FileDescription {
  const layout = chunkLayout(size);
  const chunkHashes = Array.from({ length: layout.chunkCount }, () => '0'.repeat(64) as ChunkHash);
  return { fileId: fileIdOf(size, chunkHashes), layout, chunkHashes };
}

/** The disk of one peer: the set of chunks of one file. The first byte read says whether the data is correct. */
export class VirtualDisk implements ChunkProvider, DownloadStorage {
  /** Whether reads return corrupt data. */
  lies = false;
  /** Called for each chunk written and verified. */
  chunkVerified: (chunk: number) => void = () => {};
  readonly #file: FileDescription;
  readonly #verified: Bitfield;
  #state: 'nothing' | 'some' | 'all';

  constructor(file: FileDescription, complete: boolean) {
    const { chunkCount } = file.layout;
    this.#file = file;
    this.#verified = complete ? Bitfield.full(chunkCount) : new Bitfield(chunkCount);
    this.#state = complete ? 'all' : 'nothing';
  }

  // ---- for the network

  holdings(fileId: FileId): Bitfield | 'all' | undefined {
    if (fileId !== this.#file.fileId || this.#state === 'nothing') return undefined;
    return this.#state === 'all' ? 'all' : this.#verified;
  }

  sizeOf(fileId: FileId): number | undefined {
    return this.holdings(fileId) === undefined ? undefined : this.#file.layout.size;
  }

  pathOf(): string {
    return 'file';
  }

  async describe(fileId: FileId): Promise<FileDescription> {
    if (this.holdings(fileId) === undefined) throw new ShoalError('NOT_FOUND', 'not here');
    return this.#file;
  }

  async read(_fileId: FileId, _chunk: number, _offset: number, into: Uint8Array): Promise<void> {
    into[0] = this.lies ? WRONG : RIGHT;
  }

  list(): readonly never[] {
    return [];
  }

  // ---- for downloads

  openInstaller(): SmallFileInstaller {
    throw new Error('the simulator downloads one large file');
  }

  async open(description: FileDescription, path: string): Promise<Part> {
    this.#state = 'some';
    return {
      description,
      path,
      verified: this.#verified,
      writer: (chunk) => this.#writer(chunk),
      finish: async () => {
        this.#state = 'all';
        return path;
      },
      close: async () => {},
      discard: async () => {},
    };
  }

  async describeUnfinished(): Promise<undefined> {
    return undefined;
  }

  async unfinished(): Promise<readonly never[]> {
    return [];
  }

  async setPaused(): Promise<void> {}

  async discardUnfinished(): Promise<void> {}

  async keepFolder(): Promise<void> {}

  async keptFolders(): Promise<readonly never[]> {
    return [];
  }

  async forgetFolder(): Promise<void> {}

  async scanned(): Promise<void> {}

  findComplete(): string | undefined {
    return this.#state === 'all' ? 'file' : undefined;
  }

  async copyComplete(_fileId: FileId, path: string): Promise<string> {
    return path;
  }

  async requireFreeSpace(): Promise<void> {}

  #writer(chunk: number): ChunkWriter {
    let right: boolean | undefined;
    return {
      write: async (piece) => {
        right ??= piece[0] !== WRONG;
      },
      finish: async () => {
        if (right !== true) return false;
        if (!this.#verified.has(chunk)) {
          this.#verified.set(chunk);
          // After `finish`, as with the real disk.
          queueMicrotask(() => this.chunkVerified(chunk));
        }
        return true;
      },
      abandon: () => {},
    };
  }
}

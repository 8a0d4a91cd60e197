import type { CatalogEntry } from '../../../Peer/Model.ts';
import type { ChunkProvider } from '../../../Peer/Network/Ports.ts';
import type { ChunkWriter } from '../../../Peer/Transfer.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { type ChunkLayout, chunkLayout, chunkLength, chunkOffset } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

interface SharedFile {
  readonly bytes: Buffer;
  readonly path: string;
  readonly description: FileDescription;
  held: Bitfield | 'all';
}

/** A share in memory. */
export class MemoryShare implements ChunkProvider {
  readonly files = new Map<FileId, SharedFile>();
  /** Fails reads of a chunk from an offset on, as when the file was changed. */
  changedAt: { readonly chunk: number; readonly offset: number } | undefined;
  /** Corrupts the bytes that are read. */
  lies = false;
  reads: { readonly fileId: FileId; readonly chunk: number }[] = [];

  add(path: string, bytes: Buffer, held: 'all' | 'nothing' = 'all'): FileDescription {
    const description = describeBytes(bytes);
    const bits = new Bitfield(description.layout.chunkCount);
    this.files.set(description.fileId, { bytes, path, description, held: held === 'all' ? 'all' : bits });
    return description;
  }

  holdings(fileId: FileId): Bitfield | 'all' | undefined {
    return this.files.get(fileId)?.held;
  }

  sizeOf(fileId: FileId): number | undefined {
    return this.files.get(fileId)?.bytes.length;
  }

  pathOf(fileId: FileId): string | undefined {
    return this.files.get(fileId)?.path;
  }

  async describe(fileId: FileId): Promise<FileDescription> {
    return this.#file(fileId).description;
  }

  async read(fileId: FileId, chunk: number, offset: number, into: Uint8Array): Promise<void> {
    const { bytes, description } = this.#file(fileId);
    if (offset === 0) this.reads.push({ fileId, chunk });
    if (this.changedAt?.chunk === chunk && offset >= this.changedAt.offset) {
      throw new ShoalError('FILE_CHANGED', 'the file was changed');
    }
    const from = chunkOffset(description.layout, chunk) + offset;
    bytes.copy(into, 0, from, from + into.length);
    if (this.lies) into[0] = (into[0] ?? 0) ^ 1;
  }

  list(folder: string): readonly CatalogEntry[] {
    return [...this.files]
      .map(([fileId, { path, bytes }]) => ({
        path,
        size: bytes.length,
        modifiedMs: 1_700_000_000_000,
        fileId,
      }))
      .filter(({ path }) => folder === '' || path.startsWith(`${folder}/`))
      .sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  #file(fileId: FileId): SharedFile {
    const file = this.files.get(fileId);
    if (file === undefined) throw new ShoalError('NOT_FOUND', 'no such file');
    return file;
  }
}

function describeBytes(bytes: Buffer): FileDescription {
  const layout = chunkLayout(bytes.length);
  const chunkHashes = Array.from({ length: layout.chunkCount }, (_, index) =>
    hashBytes(chunkOf(bytes, layout, index)),
  );
  return { fileId: fileIdOf(bytes.length, chunkHashes), layout, chunkHashes };
}

function chunkOf(bytes: Buffer, layout: ChunkLayout, index: number): Buffer {
  const from = chunkOffset(layout, index);
  return bytes.subarray(from, from + chunkLength(layout, index));
}

/** A file in memory that receives chunks. */
export class MemoryPart {
  readonly bytes: Buffer;
  readonly verified = new Set<number>();
  readonly abandoned = new Set<number>();
  readonly #description: FileDescription;
  /** Runs before each write completes, to delay it or let it fail. */
  beforeWrite: () => Promise<void> = async () => {};

  constructor(description: FileDescription) {
    this.#description = description;
    this.bytes = Buffer.alloc(description.layout.size);
  }

  writer(chunk: number): ChunkWriter {
    const { layout, chunkHashes } = this.#description;
    const from = chunkOffset(layout, chunk);
    let at = 0;
    const writes: Promise<void>[] = [];
    const write = async (piece: Uint8Array, to: number) => {
      await this.beforeWrite();
      this.bytes.set(piece, to);
    };
    return {
      write: (piece) => {
        const written = write(piece, from + at);
        at += piece.length;
        writes.push(written);
        return written;
      },
      finish: async () => {
        await Promise.all(writes);
        const right = hashBytes(chunkOf(this.bytes, layout, chunk)) === chunkHashes[chunk];
        if (right) this.verified.add(chunk);
        return right;
      },
      abandon: () => {
        this.abandoned.add(chunk);
      },
    };
  }
}

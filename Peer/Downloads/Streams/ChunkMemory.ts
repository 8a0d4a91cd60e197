import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { type Blake3, createBlake3 } from '../../../Protocol/Blake3.ts';
import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';
import type { Part } from '../../Storage.ts';
import type { ChunkWriter } from '../../Transfer.ts';

export interface ChunkMemoryOptions {
  readonly description: FileDescription;
  readonly path: string;
  /** Chunks that are kept. Those that readers need are kept beyond that. */
  readonly chunksMax: number;
  /** Whether a reader needs a chunk. */
  readonly needed: (chunk: number) => boolean;
  /** A chunk can be read. */
  readonly verified: () => void;
}

/** Some verified chunks of a file in memory: the ones that readers need, and as many others as there is room for. */
export class ChunkMemory implements Part {
  readonly verified: Bitfield;
  readonly #options: ChunkMemoryOptions;
  /** Least recently used first. */
  readonly #chunks = new Map<number, Uint8Array>();
  /** Chunks that are arriving. */
  #arriving = 0;
  /** Memory of evicted chunks, used again: new memory for every chunk keeps the garbage collector busy. */
  readonly #free: Uint8Array[] = [];
  /** Chunks whose memory may still be read after a reader has ended. */
  readonly #lent = new Set<number>();

  constructor(options: ChunkMemoryOptions) {
    this.#options = options;
    this.verified = new Bitfield(options.description.layout.chunkCount);
  }

  get description(): FileDescription {
    return this.#options.description;
  }

  get path(): string {
    return this.#options.path;
  }

  /** The bytes of a chunk, without a copy; undefined: it is not here. */
  chunk(chunk: number): Uint8Array | undefined {
    const bytes = this.#chunks.get(chunk);
    if (bytes === undefined) return undefined;
    this.#chunks.delete(chunk);
    this.#chunks.set(chunk, bytes);
    return bytes;
  }

  /** Call when a reader ends in the middle of a chunk: its last piece may still be on its way to a socket. */
  lend(chunk: number): void {
    if (this.#chunks.has(chunk)) this.#lent.add(chunk);
  }

  writer(chunk: number): ChunkWriter {
    const { description } = this.#options;
    if (chunk < 0 || chunk >= description.layout.chunkCount) throw new RangeError(`no chunk ${chunk}`);
    const length = chunkLength(description.layout, chunk);
    let hasher: Blake3 | undefined;
    let bytes: Uint8Array | undefined;
    let filled = 0;
    let isOver = false;
    const end = (kept = false) => {
      isOver = true;
      if (bytes === undefined) return;
      this.#arriving--;
      if (!kept) this.#free.push(bytes);
      bytes = undefined;
    };
    return {
      write: async (piece) => {
        if (isOver) return;
        if (filled + piece.length > length) throw new RangeError(`more than ${length} bytes for one chunk`);
        if (bytes === undefined) {
          this.#arriving++;
          this.#evict();
          bytes = this.#free.pop() ?? Buffer.allocUnsafeSlow(description.layout.chunkBytes);
        }
        bytes.set(piece, filled);
        hasher ??= createBlake3();
        hasher.update(piece);
        filled += piece.length;
      },
      finish: async () => {
        const isWhole = bytes !== undefined && hasher !== undefined && filled === length;
        const isVerified = isWhole && isRight(description, chunk, hasher?.digest() as ChunkHash);
        const isNew = isVerified && !this.#chunks.has(chunk);
        if (isNew && bytes !== undefined) this.#keep(chunk, bytes.subarray(0, length));
        end(isNew);
        return isVerified;
      },
      abandon: () => end(),
    };
  }

  /** There is no file to install, close or delete: the chunks stay as long as this object is used. */
  async finish(): Promise<string> {
    return '';
  }

  async close(): Promise<void> {}

  async discard(): Promise<void> {}

  #keep(chunk: number, bytes: Uint8Array): void {
    this.#chunks.set(chunk, bytes);
    this.verified.set(chunk);
    this.#options.verified();
  }

  /** Drops the chunks that were not used for the longest time and that no reader needs. */
  #evict(): void {
    const { chunksMax, needed } = this.#options;
    for (const chunk of [...this.#chunks.keys()]) {
      if (this.#chunks.size + this.#arriving <= chunksMax) return;
      if (needed(chunk)) continue;
      const bytes = this.#chunks.get(chunk);
      this.#chunks.delete(chunk);
      this.verified.clear(chunk);
      // A shorter view of a whole piece of memory: that of the last chunk.
      if (!this.#lent.delete(chunk) && bytes !== undefined) this.#free.push(Buffer.from(bytes.buffer));
    }
  }
}

function isRight({ fileId, layout, chunkHashes }: FileDescription, chunk: number, hash: ChunkHash): boolean {
  // The hash of an only chunk determines the file id.
  return chunkHashes.length === 0 ? fileIdOf(layout.size, [hash]) === fileId : chunkHashes[chunk] === hash;
}

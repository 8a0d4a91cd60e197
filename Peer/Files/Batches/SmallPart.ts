import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ChunkWriter } from '../../Transfer.ts';
import type { OpenPart } from '../Parts/OpenPart.ts';

export interface SmallPartOptions {
  readonly description: FileDescription;
  readonly path: string;
  /** Puts the whole content into the share at once, and returns where it lies. The description has its chunk hash now. @throws ShoalError */
  readonly place: (content: Uint8Array, description: FileDescription) => string;
  readonly onVerified: (chunk: number) => void;
  readonly onClosed: () => void;
}

/**
 * An unfinished file of one chunk or none: gathered in memory (at most 1 MiB), written when it is whole. No journal:
 * there is nothing to resume. Not synced one by one.
 */
export class SmallPart implements OpenPart {
  readonly verified: Bitfield;
  readonly #options: SmallPartOptions;
  #description: FileDescription;
  #content: Uint8Array = new Uint8Array(0);
  #closed = false;

  constructor(options: SmallPartOptions) {
    this.#options = options;
    this.#description = options.description;
    this.verified = new Bitfield(options.description.layout.chunkCount);
  }

  get description(): FileDescription {
    return this.#description;
  }

  get path(): string {
    return this.#options.path;
  }

  writer(chunk: number): ChunkWriter {
    const { fileId, layout } = this.description;
    if (chunk < 0 || chunk >= layout.chunkCount) throw new RangeError(`no chunk ${chunk}`);
    const bytes = Buffer.allocUnsafe(layout.size);
    let length = 0;
    return {
      write: async (piece) => {
        if (length + piece.length > bytes.length)
          throw new RangeError(`more than ${bytes.length} bytes for one chunk`);
        bytes.set(piece, length);
        length += piece.length;
      },
      finish: async () => {
        if (length !== bytes.length) return false;
        // The hash of its only chunk gives the FileId: nobody has to fetch a description first.
        const chunkHashes = [hashBytes(bytes)];
        if (fileIdOf(layout.size, chunkHashes) !== fileId) return false;
        if (this.#closed) throw new ShoalError('CLOSED', 'the unfinished file is closed');
        this.#content = bytes;
        this.#description = { ...this.#description, chunkHashes };
        if (this.verified.set(chunk)) this.#options.onVerified(chunk);
        return true;
      },
      abandon: () => {},
    };
  }

  async read(chunk: number, offset: number, into: Uint8Array): Promise<void> {
    if (!this.verified.has(chunk)) throw new ShoalError('NOT_FOUND', `chunk ${chunk} is not here`);
    into.set(this.#content.subarray(offset, offset + into.length));
  }

  /** There is nothing on disk to remember it with. */
  async setPaused(): Promise<void> {}

  async finish(): Promise<string> {
    if (!this.verified.complete) throw new Error('finish() before every chunk was verified');
    if (this.#closed) throw new ShoalError('CLOSED', 'the unfinished file is closed');
    const finalPath = this.#options.place(this.#content, this.#description);
    this.#close();
    return finalPath;
  }

  async close(): Promise<void> {
    this.#close();
  }

  async discard(): Promise<void> {
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClosed();
  }
}

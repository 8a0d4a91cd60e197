import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ChunkWriter } from '../../Transfer.ts';
import type { OpenPart } from './OpenPart.ts';

export interface MemoryPartOptions {
  /** `chunkHashes` may be empty. */
  readonly description: FileDescription;
  readonly path: string;
  /**
   * Writes the content into the share and returns its absolute path.
   * @param description - with the hash of the only chunk
   * @throws ShoalError
   */
  readonly install: (content: Uint8Array, description: FileDescription) => string;
  readonly onVerified: (chunk: number) => void;
  readonly onClosed: () => void;
}

/**
 * An unfinished file of one chunk or none: at most 1 MiB, in memory until it is complete. No journal, because there
 * is nothing to resume, and no sync of each file.
 */
export class MemoryPart implements OpenPart {
  readonly verified: Bitfield;
  readonly #options: MemoryPartOptions;
  #description: FileDescription;
  #content: Uint8Array = new Uint8Array(0);
  #closed = false;

  constructor(options: MemoryPartOptions) {
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
        // The hash of the only chunk determines the file id, so no description has to be fetched.
        const chunkHashes = [hashBytes(bytes)];
        if (fileIdOf(layout.size, chunkHashes) !== fileId) return false;
        this.#checkOpen();
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

  /** No effect: there is no journal to record it in. */
  async note(): Promise<void> {}

  async finish(): Promise<string> {
    if (!this.verified.complete) throw new Error('finish() before every chunk was verified');
    this.#checkOpen();
    const absolute = this.#options.install(this.#content, this.#description);
    await this.close();
    return absolute;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClosed();
  }

  discard(): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new ShoalError('CLOSED', 'the unfinished file is closed');
  }
}

import type { ChunkWriter } from '../../Transfer.ts';

/** Reports the length of each piece and passes the piece on to another writer. */
export class CountedWriter implements ChunkWriter {
  readonly #inner: ChunkWriter;
  readonly #arrived: (bytes: number) => void;

  constructor(inner: ChunkWriter, arrived: (bytes: number) => void) {
    this.#inner = inner;
    this.#arrived = arrived;
  }

  write(piece: Uint8Array): Promise<void> {
    this.#arrived(piece.length);
    return this.#inner.write(piece);
  }

  finish(): Promise<boolean> {
    return this.#inner.finish();
  }

  abandon(): void {
    this.#inner.abandon();
  }
}

import { type Blake3, createBlake3 } from '../../../Protocol/Blake3.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';
import { UnderWay } from '../../../Shared/Async/UnderWay.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ChunkWriter } from '../../Transfer.ts';

/** The place of one chunk in its part file, shared by all its writers. */
export interface ChunkTarget {
  readonly expected: ChunkHash;
  readonly bytes: number;
  /** @param offset - in bytes, from the beginning of the chunk */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  isVerified(): boolean;
  /** Records the written chunk: journal, then bitfield. Idempotent. */
  record(): Promise<void>;
  /** The only writer that may write to the place now. */
  holder: PieceWriter | undefined;
}

/**
 * Receives one chunk in pieces. The first writer of a chunk holds its place and writes each piece directly. A
 * concurrent second writer (endgame) buffers in memory and, once its bytes are verified, evicts the first and writes
 * them. So bytes of one source never overwrite verified bytes of another.
 */
export class PieceWriter implements ChunkWriter {
  readonly #target: ChunkTarget;
  #hasher: Blake3 | undefined;
  readonly #gathered: Uint8Array[] = [];
  readonly #writes = new UnderWay();
  /**
   * `hashing`: bytes are hashed and dropped. Chosen at the first byte, because a source may be requested and never
   * send.
   */
  #mode: 'waiting' | 'placing' | 'gathering' | 'hashing' = 'waiting';
  #length = 0;
  #failure: unknown;
  #over = false;
  /** The writer that took the place, with verified bytes. */
  #evictedBy: PieceWriter | undefined;
  /** Callbacks for the end of this writer; undefined: it has ended. */
  #ending: (() => void)[] | undefined = [];

  constructor(target: ChunkTarget) {
    this.#target = target;
  }

  write(piece: Uint8Array): Promise<void> {
    if (this.#over) return Promise.resolve();
    const offset = this.#length;
    if (offset + piece.length > this.#target.bytes) {
      return Promise.reject(new RangeError(`more than ${this.#target.bytes} bytes for one chunk`));
    }
    this.#length += piece.length;
    if (this.#mode === 'waiting') this.#begin();
    this.#hasher ??= createBlake3();
    // The hash is computed while the write is under way.
    const written = this.#mode === 'placing' ? this.#place(piece, offset) : Promise.resolve();
    this.#hasher.update(piece);
    if (this.#mode === 'gathering') this.#gathered.push(Uint8Array.from(piece));
    return written;
  }

  async finish(): Promise<boolean> {
    this.#over = true;
    try {
      if (this.#writes.any) await this.#writes.settled();
      if (this.#length !== this.#target.bytes || this.#hasher?.digest() !== this.#target.expected)
        return false;
      if (this.#mode === 'gathering') await this.#placeGathered();
      if (this.#evictedBy !== undefined) await this.#evictedBy.#ended();
      if (this.#target.isVerified()) return true;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#mode === 'hashing') throw lostPlace();
      await this.#target.record();
      return true;
    } finally {
      this.#letGo();
    }
  }

  abandon(): void {
    this.#over = true;
    this.#gathered.length = 0;
    // The place stays taken until no write of this writer can reach it.
    void this.#writes.settled().then(() => this.#letGo());
  }

  #begin(): void {
    if (this.#target.isVerified()) this.#mode = 'hashing';
    else if (this.#target.holder !== undefined) this.#mode = 'gathering';
    else {
      this.#mode = 'placing';
      this.#target.holder = this;
    }
  }

  /** Takes the place from this writer; later pieces are only hashed. Resolves when its last write has ended. */
  async #evict(by: PieceWriter): Promise<void> {
    this.#evictedBy = by;
    this.#mode = 'hashing';
    await this.#writes.settled();
    this.#letGo();
  }

  async #placeGathered(): Promise<void> {
    while (!this.#target.isVerified()) {
      const { holder } = this.#target;
      if (holder === undefined) {
        this.#target.holder = this;
        this.#mode = 'placing';
        await this.#place(Buffer.concat(this.#gathered), 0);
        return;
      }
      await holder.#evict(this);
    }
  }

  #place(bytes: Uint8Array, offset: number): Promise<void> {
    const written = this.#target.write(bytes, offset);
    this.#writes.begin();
    written.then(
      () => this.#writes.end(),
      (failure: unknown) => {
        this.#failure ??= failure;
        this.#writes.end();
      },
    );
    return written;
  }

  #ended(): Promise<void> {
    return new Promise<void>((resolve) => {
      if (this.#ending === undefined) resolve();
      else this.#ending.push(resolve);
    });
  }

  #letGo(): void {
    if (this.#target.holder === this) this.#target.holder = undefined;
    this.#gathered.length = 0;
    if (!this.#over) return;
    const waiting = this.#ending ?? [];
    this.#ending = undefined;
    for (const resolve of waiting) resolve();
  }
}

function lostPlace(): ShoalError {
  return new ShoalError('DISK_FAILED', 'the chunk arrived from two peers at once, and writing it failed', {
    hint: 'Resume the download: verified chunks are kept.',
  });
}

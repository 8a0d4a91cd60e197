import { type Blake3, createBlake3 } from '../../../Protocol/Blake3.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { UnderWay } from '../../../Shared/UnderWay.ts';
import type { ChunkWriter } from '../../Transfer.ts';

/** What a chunk's writer needs of its part file. */
export interface ChunkTarget {
  readonly expected: ChunkHash;
  readonly bytes: number;
  /** Writes into the chunk's place, `offset` bytes from its beginning. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  isVerified(): boolean;
  /** The bytes are in their place: journal, then bitfield. Harmless when done twice. */
  record(): Promise<void>;
  /** Whose bytes may land in the chunk's place now. */
  holder: PieceWriter | undefined;
}

/**
 * Takes one chunk in pieces. The first writer of a chunk holds its place and writes each piece straight there. A second
 * one at the same time (endgame) gathers in memory; when its bytes turn out right, it takes the place from the first
 * and writes them. So the bytes of one source never land on those of another after they were verified.
 */
export class PieceWriter implements ChunkWriter {
  readonly #target: ChunkTarget;
  #hasher: Blake3 | undefined;
  readonly #gathered: Uint8Array[] = [];
  readonly #writes = new UnderWay();
  /** `hashing`: what comes is checked, but kept nowhere. Chosen when the first bytes come: who is asked may never send any. */
  #mode: 'waiting' | 'placing' | 'gathering' | 'hashing' = 'waiting';
  #length = 0;
  #failure: unknown;
  #over = false;
  /** Who took the place: its bytes are right, and will be there. */
  #evictedBy: PieceWriter | undefined;
  /** Those who wait until it is over; undefined: it is. */
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
    // Hashed while the write is under way.
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
    // The place is free only when nothing of ours can land there any more.
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

  /** Takes the place away: what still comes is only hashed. Resolves when nothing of this writer can land there any more. */
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
  return new ShoalError('DISK_FAILED', 'the chunk came twice at once, and the disk refused it', {
    hint: 'Resume the download: what was verified is kept.',
  });
}

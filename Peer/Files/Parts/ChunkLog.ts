import type { ChunkHash } from '../../../Protocol/Ids.ts';
import type { DiskFile } from '../Disk/Disk.ts';

/** Bytes of one hash. */
const HASH_BYTES = 32;

/**
 * The hashes of the whole chunks of an incoming file, in order, 32 bytes each: after a restart, only bytes that fit are
 * kept. A hash is written after its bytes.
 */
export class ChunkLog {
  readonly #file: DiskFile;
  #count = 0;
  /** No record is written after a gap. */
  #isBroken = false;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Reads the hashes of an earlier run. A torn last one is ignored. @param most - chunks of the file */
  async read(most: number): Promise<readonly ChunkHash[]> {
    const bytes = Buffer.alloc(Math.min(this.#file.state().size, most * HASH_BYTES));
    const count = Math.floor((await this.#file.read(bytes, 0)) / HASH_BYTES);
    return Array.from(
      { length: count },
      (_, chunk) => bytes.toString('hex', chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES) as ChunkHash,
    );
  }

  /** Drops all hashes but the first ones, and appends after them. */
  async keep(count: number): Promise<void> {
    await this.#file.truncate(count * HASH_BYTES);
    this.#count = count;
  }

  /** Never rejects: without a record, these chunks are sent again after a restart. */
  async append(hashes: readonly ChunkHash[]): Promise<void> {
    if (hashes.length === 0 || this.#isBroken) return;
    try {
      await this.#file.write(Buffer.from(hashes.join(''), 'hex'), this.#count * HASH_BYTES);
      this.#count += hashes.length;
    } catch {
      this.#isBroken = true;
    }
  }

  close(): void {
    this.#file.close();
  }
}

import { Bitfield } from '../../../../Protocol/Bitfield.ts';
import { CHUNK_COUNT_MAX } from '../../../../Protocol/Limits.ts';
import type { SourceSuggestion } from '../../../Transfer.ts';

const BYTES_MAX = CHUNK_COUNT_MAX / 8;
const NOTHING = new Bitfield(0);

/** Chunks of one file that another peer announced. Bits may arrive before the chunk count is known. */
export class RemoteHoldings {
  #state: 'unknown' | 'none' | 'some' | 'all' = 'unknown';
  /** Bits announced before the chunk count was known; at most 128 KiB. */
  #early = new Uint8Array(0);
  #field: Bitfield | undefined;
  #chunkCount: number | undefined;

  /** Chunks it suggests to request first. */
  suggestion: SourceSuggestion | undefined;

  /** Whether anything was announced. */
  get known(): boolean {
    return this.#state !== 'unknown';
  }

  get none(): boolean {
    return this.#state === 'none';
  }

  /** Undefined: everything. Empty while the chunk count is unknown. */
  get have(): Bitfield | undefined {
    return this.#state === 'all' ? undefined : (this.#field ?? NOTHING);
  }

  setChunkCount(chunkCount: number): void {
    if (this.#chunkCount === chunkCount) return;
    this.#chunkCount = chunkCount;
    this.#field = new Bitfield(chunkCount);
    this.#field.merge(0, this.#early);
    this.#early = new Uint8Array(0);
  }

  all(): void {
    this.#state = 'all';
  }

  nothing(): void {
    this.#state = 'none';
    this.#early = new Uint8Array(0);
    if (this.#chunkCount !== undefined) this.#field = new Bitfield(this.#chunkCount);
  }

  /** Adds a page of the bitfield from byte `firstByte` on; bits outside the file are ignored. */
  bits(firstByte: number, bits: Uint8Array): void {
    this.#state = 'some';
    if (this.#field !== undefined) {
      this.#field.merge(firstByte, bits);
      return;
    }
    const end = Math.min(BYTES_MAX, firstByte + bits.length);
    if (end <= firstByte) return;
    this.#growEarly(end);
    for (let at = firstByte; at < end; at++)
      this.#early[at] = (this.#early[at] ?? 0) | (bits[at - firstByte] ?? 0);
  }

  chunks(indexes: readonly number[]): void {
    if (this.#state === 'all') return;
    this.#state = 'some';
    for (const index of indexes) {
      if (index >= (this.#chunkCount ?? CHUNK_COUNT_MAX)) continue;
      if (this.#field !== undefined) this.#field.set(index);
      else {
        this.#growEarly((index >> 3) + 1);
        this.#early[index >> 3] = (this.#early[index >> 3] ?? 0) | (0x80 >> (index & 7));
      }
    }
  }

  #growEarly(bytes: number): void {
    if (bytes <= this.#early.length) return;
    const grown = new Uint8Array(Math.min(BYTES_MAX, Math.max(bytes, this.#early.length * 2, 64)));
    grown.set(this.#early);
    this.#early = grown;
  }
}

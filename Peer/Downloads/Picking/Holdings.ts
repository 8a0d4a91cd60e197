import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { SourceSuggestion } from '../../Transfer.ts';
import type { ChunkRequest } from './Takeover.ts';

/** A copy of what one source has, so that changes of the live bitfield can be found. */
export class Holdings {
  readonly #size: number;
  #bits: Uint8Array | undefined;

  constructor(size: number) {
    this.#size = size;
    this.#bits = new Uint8Array(Math.ceil(size / 8));
  }

  /** It has everything. */
  get complete(): boolean {
    return this.#bits === undefined;
  }

  has(chunk: number): boolean {
    return this.#bits === undefined || ((this.#bits[chunk >> 3] ?? 0) & (0x80 >> (chunk & 7))) !== 0;
  }

  /** All it has, ascending. */
  *chunks(): Generator<number> {
    for (let chunk = 0; chunk < this.#size; chunk++) if (this.has(chunk)) yield chunk;
  }

  /** Takes over what the source has now (undefined: everything) and tells each chunk that came or went. */
  update(now: Bitfield | undefined, changed: (chunk: number, has: boolean) => void): void {
    const after = now === undefined || now.complete ? undefined : now.page(0, Math.ceil(this.#size / 8));
    const before = this.#bits;
    this.#bits = after;
    if (before === undefined && after === undefined) return;
    for (let at = 0; at * 8 < this.#size; at++) {
      const old = before?.[at] ?? (before === undefined ? 0xff : 0);
      const fresh = after?.[at] ?? (after === undefined ? 0xff : 0);
      if (old === fresh) continue;
      for (let bit = 0; bit < 8 && at * 8 + bit < this.#size; bit++) {
        const mask = 0x80 >> bit;
        if ((old & mask) !== (fresh & mask)) changed(at * 8 + bit, (fresh & mask) !== 0);
      }
    }
  }
}

/** A source of one file, as ChunkScheduler keeps it. */
export interface Member<Key> {
  readonly holdings: Holdings;
  trusted: boolean;
  /** Missing chunks that it has. */
  useful: number;
  suggestion: SourceSuggestion | undefined;
  /** When it was seen with open requests, or suggested something, last. */
  activeMs: number;
  /** When it was last asked to take over what others were asked for. */
  searchedMs: number;
  /** In the order they were asked. */
  readonly open: Map<number, ChunkRequest<Key>>;
}

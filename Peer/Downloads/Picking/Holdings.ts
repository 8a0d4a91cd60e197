import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { SourceSuggestion } from '../../Transfer.ts';
import type { UnitRequest } from './Takeover.ts';

/** A copy of the units of one source, to find the changes of its live bitfield. */
export class Holdings {
  readonly #size: number;
  #bits: Uint8Array | undefined;

  constructor(size: number) {
    this.#size = size;
    this.#bits = new Uint8Array(Math.ceil(size / 8));
  }

  /** Whether the source has all units. */
  get complete(): boolean {
    return this.#bits === undefined;
  }

  has(unit: number): boolean {
    return this.#bits === undefined || ((this.#bits[unit >> 3] ?? 0) & (0x80 >> (unit & 7))) !== 0;
  }

  /** Lists its units, ascending. */
  *units(): Generator<number> {
    for (let unit = 0; unit < this.#size; unit++) if (this.has(unit)) yield unit;
  }

  /** Copies the current units of the source (undefined: all) and reports each unit added or removed. */
  update(now: Bitfield | undefined, changed: (unit: number, has: boolean) => void): void {
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

/** State of one source in UnitScheduler. */
export interface Member<Key> {
  readonly holdings: Holdings;
  trusted: boolean;
  /** Number of its units that are missing here. */
  useful: number;
  suggestion: SourceSuggestion | undefined;
  /** Time at which it last had open requests or sent a suggestion. */
  activeMs: number;
  /** Time of the last takeover search for this source. */
  searchedMs: number;
  /** Open requests by unit, oldest first. */
  readonly open: Map<number, UnitRequest<Key>>;
}

/** Bytes of requests that have not arrived. */
export function pendingBytes<Key>(requests: Iterable<UnitRequest<Key>>): number {
  let bytes = 0;
  for (const request of requests) bytes += request.bytes - request.received;
  return bytes;
}

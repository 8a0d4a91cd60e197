/** A fixed number of bits, one per chunk. On the wire and in memory chunk 0 is the highest bit of byte 0. */
export class Bitfield {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  static full(size: number): Bitfield {
    const field = new Bitfield(size);
    field.fill();
    return field;
  }

  /** Number of set bits. */
  get count(): number {
    return this.#count;
  }

  get complete(): boolean {
    return this.#count === this.size;
  }

  /** Whether a bit is set; false for an index out of range. */
  has(index: number): boolean {
    if (!(index >= 0 && index < this.size)) return false;
    return ((this.#bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets a bit. @returns whether it was clear. @throws RangeError for an index outside 0..size-1 */
  set(index: number): boolean {
    if (!Number.isInteger(index) || index < 0 || index >= this.size)
      throw new RangeError(`no bit ${index} of ${this.size}`);
    if (this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
    this.#count++;
    return true;
  }

  /** Clears a bit. @returns whether it was set */
  clear(index: number): boolean {
    if (!this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) & ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  fill(): void {
    for (let index = 0; index < this.size; index++) this.set(index);
  }

  /** Indexes of the set bits, ascending. */
  *indexes(): Generator<number> {
    for (let index = 0; index < this.size; index++) if (this.has(index)) yield index;
  }

  copy(): Bitfield {
    const twin = new Bitfield(this.size);
    twin.#bytes.set(this.#bytes);
    twin.#count = this.#count;
    return twin;
  }

  /** A copy of at most `count` bytes from byte `first` on. */
  page(first: number, count: number): Uint8Array {
    return this.#bytes.slice(first, first + count);
  }

  /** Adds the set bits of a page that starts at byte `first`. Bits beyond the end are ignored. */
  merge(first: number, page: Uint8Array): void {
    for (const [at, byte] of page.entries()) {
      for (let bit = 0; bit < 8; bit++) {
        const index = (first + at) * 8 + bit;
        if (index < this.size && (byte & (0x80 >> bit)) !== 0) this.set(index);
      }
    }
  }
}

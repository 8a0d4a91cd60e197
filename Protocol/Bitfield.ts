/** A fixed number of bits, one a chunk; on the wire and in memory the first chunk is the highest bit of byte 0. */
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

  /** How many bits are set. */
  get count(): number {
    return this.#count;
  }

  get complete(): boolean {
    return this.#count === this.size;
  }

  /** False also for an index outside. */
  has(index: number): boolean {
    if (!(index >= 0 && index < this.size)) return false;
    return ((this.#bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** Returns whether it was new. @throws RangeError outside 0..size-1 */
  set(index: number): boolean {
    if (!Number.isInteger(index) || index < 0 || index >= this.size)
      throw new RangeError(`no bit ${index} of ${this.size}`);
    if (this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
    this.#count++;
    return true;
  }

  /** Returns whether it was set. */
  clear(index: number): boolean {
    if (!this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) & ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  fill(): void {
    for (let index = 0; index < this.size; index++) this.set(index);
  }

  /** The indexes of all set bits, ascending. */
  *indexes(): Generator<number> {
    for (let index = 0; index < this.size; index++) if (this.has(index)) yield index;
  }

  copy(): Bitfield {
    const twin = new Bitfield(this.size);
    twin.#bytes.set(this.#bytes);
    twin.#count = this.#count;
    return twin;
  }

  /** `count` bytes from byte `first` on, or what is left. A copy. */
  page(first: number, count: number): Uint8Array {
    return this.#bytes.slice(first, first + count);
  }

  /** Sets the bits of a page that starts at byte `first`. Bits outside are ignored; set bits stay set. */
  merge(first: number, page: Uint8Array): void {
    for (const [at, byte] of page.entries()) {
      for (let bit = 0; bit < 8; bit++) {
        const index = (first + at) * 8 + bit;
        if (index < this.size && (byte & (0x80 >> bit)) !== 0) this.set(index);
      }
    }
  }
}

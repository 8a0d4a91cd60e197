/**
 * HalfSipHash-1-3 (Aumasson and Bernstein; as in the Linux kernel): a 32-bit hash under a secret key, so that clients
 * cannot choose colliding paths and ids. Call `start`, add words, then `finish`.
 */
export class KeyedHash {
  readonly #key0: number;
  readonly #key1: number;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;
  #words = 0;

  /** @param key - two secret 32-bit numbers */
  constructor(key: readonly [number, number]) {
    this.#key0 = key[0] | 0;
    this.#key1 = key[1] | 0;
  }

  /** Starts a hash. `tag` separates different kinds of keys. */
  start(tag: number): this {
    this.#v0 = this.#key0;
    this.#v1 = this.#key1;
    this.#v2 = 0x6c796765 ^ this.#key0;
    this.#v3 = 0x74656462 ^ this.#key1;
    this.#words = 0;
    return this.word(tag);
  }

  word(value: number): this {
    this.#v3 ^= value;
    this.#round();
    this.#v0 ^= value;
    this.#words++;
    return this;
  }

  bytes(bytes: Uint8Array, from: number, count: number): this {
    const end = from + count;
    let at = from;
    for (; at + 4 <= end; at += 4) this.word(packed(bytes, at, 4));
    return this.word(packed(bytes, at, end - at) | (count << 24));
  }

  text(text: string): this {
    let at = 0;
    for (; at + 2 <= text.length; at += 2) this.word(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
    return this.word((at < text.length ? text.charCodeAt(at) : 0) | (text.length << 16));
  }

  /** The hash as an unsigned 32-bit number. */
  finish(): number {
    this.word(this.#words << 24);
    this.#v2 ^= 0xff;
    this.#round();
    this.#round();
    this.#round();
    return (this.#v1 ^ this.#v3) >>> 0;
  }

  #round(): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}

/** Up to four bytes as one number, the first lowest. */
function packed(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = 0; index < count; index++) value |= (bytes[at + index] ?? 0) << (8 * index);
  return value;
}

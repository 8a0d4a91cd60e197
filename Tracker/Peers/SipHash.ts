/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a short authenticator under a 128-bit key, with 64-bit numbers as pairs
 * of 32-bit halves. Computed for most datagrams; an HMAC of node:crypto takes eight times as long.
 */
export class SipHash {
  /** Upper half of the last digest, unsigned. */
  #high = 0;
  #low = 0;
  readonly #key: readonly [number, number, number, number];
  /** v0 to v3, low half first. */
  readonly #state = new Int32Array(8);

  /** @param key - 16 secret bytes */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 16);
    this.#key = [
      view.getInt32(0, true),
      view.getInt32(4, true),
      view.getInt32(8, true),
      view.getInt32(12, true),
    ];
  }

  /** The last digest as 16 hex digits. */
  get hex(): string {
    return hexOf(this.#high) + hexOf(this.#low);
  }

  /** Compares the last digest in constant time. @param hex - 16 digits */
  is(hex: string): boolean {
    const high = Number.parseInt(hex.slice(0, 8), 16);
    const low = Number.parseInt(hex.slice(8), 16);
    return ((this.#high ^ high) | (this.#low ^ low)) === 0;
  }

  /** Hashes the first `count` bytes. */
  digest(bytes: Uint8Array, count: number): void {
    const state = this.#state;
    const [low0, high0, low1, high1] = this.#key;
    state[0] = low0 ^ 0x70736575; // "somepseudorandomlygeneratedbytes"
    state[1] = high0 ^ 0x736f6d65;
    state[2] = low1 ^ 0x6e646f6d;
    state[3] = high1 ^ 0x646f7261;
    state[4] = low0 ^ 0x6e657261;
    state[5] = high0 ^ 0x6c796765;
    state[6] = low1 ^ 0x79746573;
    state[7] = high1 ^ 0x74656462;
    const whole = count & ~7;
    for (let at = 0; at < whole; at += 8) {
      compress(state, half(bytes, at, 4), half(bytes, at + 4, 4));
    }
    const left = count - whole;
    const low = half(bytes, whole, Math.min(left, 4));
    const high = half(bytes, whole + 4, Math.max(left - 4, 0)) | (count << 24);
    compress(state, low, high);
    state[4] = (state[4] ?? 0) ^ 0xff;
    rounds(state, 4);
    const [l0 = 0, h0 = 0, l1 = 0, h1 = 0, l2 = 0, h2 = 0, l3 = 0, h3 = 0] = state;
    this.#low = (l0 ^ l1 ^ l2 ^ l3) >>> 0;
    this.#high = (h0 ^ h1 ^ h2 ^ h3) >>> 0;
  }
}

function hexOf(word: number): string {
  return word.toString(16).padStart(8, '0');
}

function compress(state: Int32Array, low: number, high: number): void {
  state[6] = (state[6] ?? 0) ^ low;
  state[7] = (state[7] ?? 0) ^ high;
  rounds(state, 2);
  state[0] = (state[0] ?? 0) ^ low;
  state[1] = (state[1] ?? 0) ^ high;
}

/** SipRound, `count` times. A low sum smaller than its summand carries into the high half. */
function rounds(state: Int32Array, count: number): void {
  let l0 = state[0] ?? 0;
  let h0 = state[1] ?? 0;
  let l1 = state[2] ?? 0;
  let h1 = state[3] ?? 0;
  let l2 = state[4] ?? 0;
  let h2 = state[5] ?? 0;
  let l3 = state[6] ?? 0;
  let h3 = state[7] ?? 0;
  for (let round = 0; round < count; round++) {
    let low = (l0 + l1) | 0;
    h0 = (h0 + h1 + (low >>> 0 < l1 >>> 0 ? 1 : 0)) | 0;
    l0 = low;
    low = (l2 + l3) | 0;
    h2 = (h2 + h3 + (low >>> 0 < l3 >>> 0 ? 1 : 0)) | 0;
    l2 = low;
    low = ((l1 << 13) | (h1 >>> 19)) ^ l0;
    h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0;
    l1 = low;
    low = ((l3 << 16) | (h3 >>> 16)) ^ l2;
    h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2;
    l3 = low;
    low = h0; // rotated by 32
    h0 = l0;
    l0 = low;
    low = (l2 + l1) | 0;
    h2 = (h2 + h1 + (low >>> 0 < l1 >>> 0 ? 1 : 0)) | 0;
    l2 = low;
    low = (l0 + l3) | 0;
    h0 = (h0 + h3 + (low >>> 0 < l3 >>> 0 ? 1 : 0)) | 0;
    l0 = low;
    low = ((l1 << 17) | (h1 >>> 15)) ^ l2;
    h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2;
    l1 = low;
    low = ((l3 << 21) | (h3 >>> 11)) ^ l0;
    h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0;
    l3 = low;
    low = h2; // rotated by 32
    h2 = l2;
    l2 = low;
  }
  state[0] = l0;
  state[1] = h0;
  state[2] = l1;
  state[3] = h1;
  state[4] = l2;
  state[5] = h2;
  state[6] = l3;
  state[7] = h3;
}

/** Up to four bytes, little-endian. */
function half(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = 0; index < count; index++) value |= (bytes[at + index] ?? 0) << (8 * index);
  return value;
}

import type { Random } from './Time/Clock.ts';

/** A reproducible generator: the same seed gives the same numbers on every machine (sfc32). Not for secrets. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = Math.floor(seed / 2 ** 32) | 0;
    this.#b = seed | 0;
    this.#c = 0x9e3779b9 | 0;
    // Adjacent seeds start similar; 15 rounds separate them (the author's advice).
    for (let round = 0; round < 15; round++) this.#word();
  }

  /** A number in [0, 1). A bound `Random`. */
  readonly next: Random = () => this.#word() / 2 ** 32;

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A number from `min` up to `max`, fractions included. */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** True with probability `ratio`. */
  chance(ratio: number): boolean {
    return this.next() < ratio;
  }

  /** A random item. @throws RangeError when there is none */
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.int(0, items.length - 1)] as T;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, count);
    let at = 0;
    for (; at + 4 <= count; at += 4) view.setUint32(at, this.#word(), true);
    for (; at < count; at++) bytes[at] = this.#word() & 0xff;
    return bytes;
  }

  /** Lower-case hex of `byteCount` bytes, for ids and tokens. */
  hex(byteCount: number): string {
    return this.bytes(byteCount).toString('hex');
  }

  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.next() }));
    return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
  }

  /** `count` different items (or all of them), in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    return this.shuffle(items).slice(0, count);
  }

  /** An independent generator: drawing from it does not affect this one. */
  fork(): SeededRandom {
    return new SeededRandom(this.int(0, Number.MAX_SAFE_INTEGER));
  }

  #word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

import { readFileSync } from 'node:fs';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';

/**
 * The examples of every message, by title: `request heartbeat`, `control hello`, … The tests hold that none is
 * missing.
 */
export function examples(name: 'peer-v2' | 'tracker-v2', side: string): Buffer[] {
  const text = readFileSync(new URL(`../../../test/Golden/${name}.hex`, import.meta.url), 'utf8');
  return text
    .split(/^\[/m)
    .slice(1)
    .filter((section) => section.startsWith(`${side} `))
    .map((section) => {
      const lines = section.split('\n').slice(1);
      return Buffer.from(lines.map((line) => line.replace(/#.*/, '').replaceAll(' ', '')).join(''), 'hex');
    });
}

/** Numbers at the limits of lengths, counts and enums. */
const EDGES = [0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 191, 192, 254, 255];

/** Makes hostile bytes of valid ones. */
export class Mutator {
  readonly random: SeededRandom;
  readonly #corpus: readonly Buffer[];

  constructor(corpus: readonly Buffer[], random: SeededRandom) {
    this.#corpus = corpus;
    this.random = random;
  }

  /** A valid message, at random a repeated one. */
  valid(): Buffer {
    return this.random.pick(this.#corpus);
  }

  /** @param from - bytes before this position are mostly unchanged */
  next(from: number): Buffer {
    const { random } = this;
    let bytes: Buffer = Buffer.from(this.valid());
    for (let changes = random.int(0, 3); changes > 0; changes--)
      bytes = this.#changed(bytes, random.chance(0.9) ? from : 0);
    return bytes;
  }

  #changed(bytes: Buffer, from: number): Buffer {
    const { random } = this;
    const at = random.int(Math.min(from, bytes.length), bytes.length);
    switch (random.int(0, 6)) {
      case 0:
        return bytes.subarray(0, at);
      case 1:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
        return bytes;
      case 2:
        if (at < bytes.length) bytes[at] = random.pick(EDGES);
        return bytes;
      case 3: {
        const other = this.valid();
        return Buffer.concat([bytes.subarray(0, at), other.subarray(random.int(0, other.length))]);
      }
      case 4: {
        // A part repeated: long lists and extensions.
        const part = bytes.subarray(at, at + random.int(1, 60));
        return Buffer.concat([
          bytes.subarray(0, at),
          ...new Array<Buffer>(random.int(1, 12)).fill(part),
          bytes.subarray(at),
        ]);
      }
      case 5:
        return Buffer.concat([bytes.subarray(0, at), random.bytes(random.int(1, 40)), bytes.subarray(at)]);
      default:
        if (at + 2 <= bytes.length) bytes.writeUInt16BE(random.pick([0, 1, 0xffff, 1_024, 65, 512]), at);
        return bytes;
    }
  }
}

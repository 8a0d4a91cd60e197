import fc from 'fast-check';
import { ShoalError } from '../../Shared/ShoalError.ts';

/** Hostile bytes: valid ones cut, flipped, spliced with other valid ones, extended; and random bytes. */
export function hostileBytes(good: fc.Arbitrary<Buffer>, corpus: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const any = fc.oneof(good, fc.constantFrom(...corpus));
  const position = fc.double({ min: 0, max: 1, noNaN: true });
  const cut = fc.tuple(any, position).map(([bytes, at]) => bytes.subarray(0, Math.floor(at * bytes.length)));
  const flipped = fc
    .tuple(
      any,
      fc.array(fc.tuple(position, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
    )
    .map(([bytes, flips]) => {
      const copy = Buffer.from(bytes);
      for (const [at, mask] of flips) {
        const index = Math.floor(at * (copy.length - 1));
        copy[index] = (copy[index] ?? 0) ^ mask;
      }
      return copy;
    });
  const spliced = fc
    .tuple(any, any, position, position)
    .map(([one, other, end, start]) =>
      Buffer.concat([
        one.subarray(0, Math.floor(end * one.length)),
        other.subarray(Math.floor(start * other.length)),
      ]),
    );
  const grown = fc
    .tuple(any, fc.uint8Array({ minLength: 1, maxLength: 40 }))
    .map((parts) => Buffer.concat(parts));
  const random = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof(cut, { weight: 3, arbitrary: flipped }, spliced, grown, random);
}

export function isBadFrame(failure: unknown): boolean {
  return failure instanceof ShoalError && failure.code === 'BAD_FRAME';
}

/** Memory of a value, in leaves and characters: decoding must not multiply the size of a message. */
export function weightOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + weightOf(item), 0);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + weightOf(item), 0);
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkLayout, chunkLength, chunkOffset } from '../../Protocol/ChunkLayout.ts';
import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNK_COUNT_MAX, FILE_BYTES_MAX } from '../../Protocol/Limits.ts';

const MIB = 1_024 * 1_024;
const GIB = 1_024 * MIB;

test.each([
  [0, 1, 0],
  [1, 1, 1],
  [MIB - 1, 1, 1],
  [MIB, 1, 1],
  [MIB + 1, 1, 2],
  [GIB, 1, 1_024],
  [GIB + 1, 2, 513],
  [2 * GIB, 2, 1_024],
  [2 * GIB + 1, 4, 513],
  [4 * GIB + 1, 8, 513],
  [8 * GIB + 1, 16, 513],
  [16 * GIB, 16, 1_024],
  [16 * GIB + 1, 16, 1_025],
  [FILE_BYTES_MAX, 16, CHUNK_COUNT_MAX],
])('%d bytes: chunks of %d MiB, %d of them', (size, mebibytes, chunkCount) => {
  expect(chunkLayout(size)).toEqual({ size, chunkBytes: mebibytes * MIB, chunkCount });
});

test('a size out of range is refused', () => {
  for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, FILE_BYTES_MAX + 1, 2 ** 53]) {
    expect(() => chunkLayout(size)).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  }
});

/** Sizes near multiples of powers of two, for off-by-one errors. */
const anySize = fc
  .tuple(fc.integer({ min: 0, max: 44 }), fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: -2, max: 2 }))
  .map(([power, factor, more]) => 2 ** power * factor + more)
  .filter((size) => size >= 0 && size <= FILE_BYTES_MAX);

test('the chunks cover the file exactly, all equal but a shorter last one', () => {
  fc.assert(
    fc.property(
      anySize.filter((size) => size > 0),
      (size) => {
        const layout = chunkLayout(size);
        const { chunkBytes, chunkCount } = layout;
        expect(Number.isInteger(Math.log2(chunkBytes))).toBe(true);
        expect(chunkBytes).toBeGreaterThanOrEqual(CHUNK_BYTES_MIN);
        expect(chunkBytes).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
        expect(chunkCount).toBeLessThanOrEqual(CHUNK_COUNT_MAX);
        const last = chunkCount - 1;
        expect(chunkOffset(layout, last) + chunkLength(layout, last)).toBe(size);
        expect(chunkLength(layout, last)).toBeGreaterThan(0);
        expect(chunkLength(layout, 0)).toBe(chunkCount === 1 ? size : chunkBytes);
        const middle = Math.floor(last / 2);
        expect(chunkOffset(layout, middle + 1) - chunkOffset(layout, middle)).toBe(chunkBytes);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('chunks are no larger than needed for 1,024 of them', () => {
  fc.assert(
    fc.property(anySize, (size) => {
      const { chunkBytes, chunkCount } = chunkLayout(size);
      if (chunkBytes < CHUNK_BYTES_MAX) expect(chunkCount).toBeLessThanOrEqual(1_024);
      if (chunkBytes > CHUNK_BYTES_MIN) expect(Math.ceil(size / (chunkBytes / 2))).toBeGreaterThan(1_024);
    }),
  );
});

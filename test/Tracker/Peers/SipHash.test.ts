import { expect, test } from 'vitest';
import { SipHash } from '../../../Tracker/Peers/SipHash.ts';

/** Appendix A of the paper, and vectors.h of the reference implementation: key 00 01 … 0f, message 00 01 … (n - 1). */
const vectors: readonly (readonly [length: number, hash: string])[] = [
  [0, '726fdb47dd0e0e31'],
  [1, '74f839c593dc67fd'],
  [2, '0d6c8009d9a94f5a'],
  [3, '85676696d7fb7e2d'],
  [7, 'ab0200f58b01d137'],
  [8, '93f5f5799a932462'],
  [15, 'a129ca6149be45e5'],
];

test.each(vectors)('the reference vector of %i bytes', (length, expected) => {
  const hash = new SipHash(Uint8Array.from({ length: 16 }, (_, at) => at));
  hash.digest(
    Uint8Array.from({ length: 32 }, (_, at) => at),
    length,
  );

  expect(hash.hex).toBe(expected);
  expect(hash.is(expected)).toBe(true);
  expect(hash.is(expected.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')))).toBe(false);
  expect(hash.is(expected.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))).toBe(false);
});

test('another key gives another hash', () => {
  const hashes = [0, 15].map((changed) => {
    const key = new Uint8Array(16);
    key[changed] = 1;
    const hash = new SipHash(key);
    hash.digest(new Uint8Array(8), 8);
    return hash.hex;
  });

  expect(hashes[0]).not.toBe(hashes[1]);
});

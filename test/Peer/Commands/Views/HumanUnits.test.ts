import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTimeLeft,
  percent,
  plural,
} from '../../../../Peer/Commands/Views/HumanUnits.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [1_500, '1.5 kB'],
  [99_949, '99.9 kB'],
  [99_960, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [1_500_000_000, '1.5 GB'],
  [256 * 1_048_576, '268 MB'],
  [2 ** 53 - 1, '9.0 PB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('sizes are short and never smaller for more bytes', () => {
  const value = (text: string) => {
    const [number, unit = ''] = text.split(' ');
    return Number(number) * 1_000 ** ['B', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(unit);
  };
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
      const [less, more] = one < other ? [one, other] : [other, one];
      expect(formatBytes(more).length).toBeLessThanOrEqual(7);
      expect(value(formatBytes(less))).toBeLessThanOrEqual(value(formatBytes(more)));
    }),
  );
});

test.each([
  [0, '0.0 s'],
  [449, '0.4 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [185_000, '3 min 05 s'],
  [7_800_000, '2 h 10 min'],
  [277_200_000, '3 d 5 h'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('time left is whole seconds, or unknown', () => {
  expect(formatTimeLeft(4.2)).toBe('5 s');
  expect(formatTimeLeft(75)).toBe('1 min 15 s');
  expect(formatTimeLeft(undefined)).toBeUndefined();
  expect(formatTimeLeft(Number.POSITIVE_INFINITY)).toBeUndefined();
});

test('100 percent only when nothing is missing', () => {
  expect(percent(999_999, 1_000_000)).toBe(99);
  expect(percent(1_000_000, 1_000_000)).toBe(100);
  expect(percent(0, 0)).toBe(100);
});

test('counts', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect([0, 1, 2, 1_000].map((count) => plural(count, 'file'))).toEqual([
    'no files',
    '1 file',
    '2 files',
    '1,000 files',
  ]);
});

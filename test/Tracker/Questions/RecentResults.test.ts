import { expect, test } from 'vitest';
import { RecentResults } from '../../../Tracker/Questions/RecentResults.ts';

test('pages requested within three seconds belong to one result', () => {
  const results = new RecentResults<number>();
  expect(results.known('song', 0)).toBeUndefined();
  results.keep('song', 1, 0);
  expect(results.known('song', 2_999)).toBe(1);
  expect(results.known('song', 3_000)).toBeUndefined();
  results.keep('song', 2, 2_000);
  expect(results.known('song', 3_001)).toBe(2);
});

test('64 results are kept', () => {
  const results = new RecentResults<string>();
  for (let at = 0; at <= 64; at++) results.keep(`${at}`, 'first', 0);
  expect(results.known('1', 0)).toBe('first');
  expect(results.known('0', 0)).toBeUndefined();
});

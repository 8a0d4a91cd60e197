import { expect, test } from 'vitest';
import { RecentResults } from '../../Tracker/RecentResults.ts';

test('pages requested within three seconds belong to one result', () => {
  const results = new RecentResults<number>();
  let found = 0;
  const get = (fresh: boolean, nowMs: number) => results.get('song', fresh, nowMs, () => ++found);
  expect(get(true, 0)).toBe(1);
  expect(get(false, 2_999)).toBe(1);
  expect(get(false, 3_000)).toBe(2);
  expect(get(true, 3_001)).toBe(3);
});

test('64 results are kept', () => {
  const results = new RecentResults<string>();
  for (let at = 0; at <= 64; at++) results.get(`${at}`, false, 0, () => 'first');
  expect(results.get('1', false, 0, () => 'again')).toBe('first');
  expect(results.get('0', false, 0, () => 'again')).toBe('again');
});

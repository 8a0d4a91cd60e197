import { expect, test } from 'vitest';
import { fullBucket, takeToken } from '../../../Shared/Time/TokenBucket.ts';

test('a bucket grants its burst at once, then its rate', () => {
  const rate = { perSecond: 2, burst: 5 };
  const bucket = fullBucket(0);
  const taken = (nowMs: number) => {
    let count = 0;
    while (takeToken(bucket, rate, nowMs)) count++;
    return count;
  };
  expect(taken(0)).toBe(5);
  expect(taken(499)).toBe(0);
  expect(taken(1_000)).toBe(2);
  expect(taken(3_600_000)).toBe(5);
});

test('a clock that stops or goes back grants nothing', () => {
  const bucket = fullBucket(1_000);
  const rate = { perSecond: 1, burst: 1 };
  expect(takeToken(bucket, rate, 1_000)).toBe(true);
  expect(takeToken(bucket, rate, 1_000)).toBe(false);
  expect(takeToken(bucket, rate, 0)).toBe(false);
});

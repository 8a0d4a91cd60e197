import { expect, test } from 'vitest';
import { backoffMs } from '../../../Shared/Time/Backoff.ts';

test('the steps in turn, then the last one repeated', () => {
  const waits = [0, 1, 2, 3, 1_000].map((attempt) => backoffMs([500, 1_000, 4_000], attempt));
  expect(waits).toEqual([500, 1_000, 4_000, 4_000, 4_000]);
});

test('jitter spreads by up to a quarter, and never shortens', () => {
  expect(backoffMs([1_000], 0, 0)).toBe(1_000);
  expect(backoffMs([1_000], 0, 0.5)).toBe(1_125);
  expect(backoffMs([1_000], 7, 0.999_999)).toBeLessThan(1_250);
});

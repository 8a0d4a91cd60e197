import { expect, test } from 'vitest';
import { RateMeter } from '../../../Shared/Time/RateMeter.ts';

test('is right from the first second on, and falls to 0 in two', () => {
  const meter = new RateMeter();
  for (let nowMs = 10_000; nowMs < 15_000; nowMs += 10) {
    meter.add(10_000, nowMs);
    if (nowMs > 11_000) expect(meter.bytesPerSecond(nowMs) / 1e6).toBeCloseTo(1, 1);
  }
  expect(meter.bytesPerSecond(16_000)).toBeLessThan(600_000);
  expect(meter.bytesPerSecond(17_100)).toBe(0);
  expect(meter.total).toBe(5_000_000);
});

test('the rate is 0 before the first byte', () => {
  expect(new RateMeter().bytesPerSecond(5)).toBe(0);
});

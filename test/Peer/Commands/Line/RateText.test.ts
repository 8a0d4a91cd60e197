import { expect, test } from 'vitest';
import { parseRate } from '../../../../Peer/Commands/Line/RateText.ts';

test.each([
  ['60M', 60_000_000],
  ['500k', 500_000],
  ['1.5G', 1_500_000_000],
  ['1000', 1_000],
  [' 20mb/s ', 20_000_000],
  ['7B/s', 7],
])('the rate %j is %i bytes per second', (text, rate) => {
  expect(parseRate(text)).toBe(rate);
});

test.each([
  [''],
  ['0'],
  ['-5M'],
  ['5 T'],
  ['fast'],
  ['1e9'],
  ['0.1'],
  ['999999999999999G'],
  ['5MM'],
  ['5M/h'],
])('%j is refused as a rate', (text) => {
  expect(() => parseRate(text)).toThrow(
    expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('60M') }),
  );
});

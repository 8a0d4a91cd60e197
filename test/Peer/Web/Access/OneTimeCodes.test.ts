import { expect, test } from 'vitest';
import { OneTimeCodes } from '../../../../Peer/Web/Access/OneTimeCodes.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function codes() {
  const clock = new SimulatedClock();
  let secrets = 0;
  return { clock, codes: new OneTimeCodes({ clock, newSecret: () => `code-${++secrets}` }) };
}

test('a code is valid once', () => {
  const { codes: made } = codes();
  const code = made.issue();
  expect([made.redeem('code-2', '::1'), made.redeem(code, '::1'), made.redeem(code, '::1')]).toEqual([
    false,
    true,
    false,
  ]);
});

test('another computer has no use for a code, and ends it', () => {
  const { codes: made } = codes();
  const code = made.issue();
  expect([made.redeem(code, '192.168.1.7'), made.redeem(code, '127.0.0.1')]).toEqual([false, false]);
});

test('a code ends after a minute', () => {
  const { codes: made, clock } = codes();
  const [early, late] = [made.issue(), made.issue()];
  clock.advance(59_999);
  expect(made.redeem(early, '127.0.0.1')).toBe(true);
  clock.advance(1);
  expect(made.redeem(late, '127.0.0.1')).toBe(false);
});

test('eight codes are valid at once; the oldest ends', () => {
  const { codes: made } = codes();
  const issued = Array.from({ length: 9 }, () => made.issue());
  expect(issued.map((code) => made.redeem(code, '127.0.0.1'))).toEqual([false, ...Array(8).fill(true)]);
});

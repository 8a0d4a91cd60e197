import { expect, test } from 'vitest';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { hostKey, hostOf } from '../../../Tracker/Peers/HostKey.ts';

test('an IPv4 address is encoded in its four bytes, and decoded to the same text', () => {
  expect(hostKey('0.0.0.0')).toBe(0);
  expect(hostKey('127.0.0.1')).toBe(0x7f000001);
  expect(hostKey('255.255.255.255')).toBe(-1);
  const random = new SeededRandom(1);
  for (let round = 0; round < 1_000; round++) {
    const host = Array.from({ length: 4 }, () => random.int(0, 255)).join('.');
    expect(hostKey(host)).toBeTypeOf('number');
    expect(hostOf(hostKey(host))).toBe(host);
  }
});

test.each([
  '',
  '1',
  '1.2.3',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '1.2.3.04',
  '00.1.2.3',
  '1.2.3.4 ',
  '-1.2.3.4',
  '1.2.3.x',
  '::1',
  '2001:db8::1.2.3.4',
])('%j is kept as text', (host) => {
  expect(hostKey(host)).toBe(host);
  expect(hostOf(host)).toBe(host);
});

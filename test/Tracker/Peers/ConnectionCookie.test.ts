import { expect, test } from 'vitest';
import { COOKIE_STEP_MS } from '../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { ConnectionCookie } from '../../../Tracker/Peers/ConnectionCookie.ts';

const secret = new SeededRandom(1).bytes(32);
const cookies = new ConnectionCookie(secret);
const address = { host: '192.168.1.20', port: 40_001 };

test('a cookie is valid in its minute and the next, and in no other', () => {
  const made = 10 * COOKIE_STEP_MS + 17;
  const cookie = cookies.make(address, made);

  expect(cookie).toMatch(/^[0-9a-f]{16}$/);
  expect(cookies.check(cookie, address, made)).toBe(true);
  expect(cookies.check(cookie, address, 12 * COOKIE_STEP_MS - 1)).toBe(true);
  expect(cookies.check(cookie, address, 12 * COOKIE_STEP_MS)).toBe(false);
  expect(cookies.check(cookie, address, 10 * COOKIE_STEP_MS - 1)).toBe(false);
});

test('a cookie is valid for one host and port, and for one run of the tracker', () => {
  const cookie = cookies.make(address, 0);

  expect(cookies.check(cookie, { ...address, port: address.port + 1 }, 0)).toBe(false);
  expect(cookies.check(cookie, { ...address, host: '192.168.1.21' }, 0)).toBe(false);
  expect(new ConnectionCookie(new SeededRandom(2).bytes(32)).check(cookie, address, 0)).toBe(false);
});

test('10,000 forged ones are refused', () => {
  const random = new SeededRandom(3);
  const good = cookies.make(address, 0);
  let accepted = 0;
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const forged = random.chance(0.5) ? random.hex(8) : good.slice(0, 14) + random.hex(1);
    if (forged !== good && cookies.check(forged, address, 0)) accepted++;
  }
  expect(accepted).toBe(0);
});

test('other text is refused', () => {
  for (const text of ['', 'zz', 'c0ffee', '00'.repeat(9)])
    expect(cookies.check(text, address, 0)).toBe(false);
});

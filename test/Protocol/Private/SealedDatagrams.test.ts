import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkKeys } from '../../../Protocol/Private/NetworkKeys.ts';
import { REPLAY_WINDOW, ReplayWindow } from '../../../Protocol/Private/ReplayWindow.ts';
import {
  DatagramOpener,
  DatagramSealer,
  PREFIX_MS,
  SEAL_BYTES,
} from '../../../Protocol/Private/SealedDatagrams.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';

const { datagram: KEY } = networkKeys(Uint8Array.from({ length: 16 }, (_, index) => index));
const CONTENT = Buffer.from('shoal');
const prefixOf = (sealed: Buffer) => sealed.toString('hex', 0, 16);

function sealer(seed = 1, key = KEY): DatagramSealer {
  const random = new SeededRandom(seed);
  return new DatagramSealer(key, (count) => random.bytes(count));
}

/** The first datagrams of one sender. */
function sealedRun(count: number, seed = 1): Buffer[] {
  const sender = sealer(seed);
  return Array.from({ length: count }, (_, index) => sender.seal(Buffer.from([index]), 0));
}

test('golden datagrams', () => {
  // Made with Python's cryptography.
  const sender = new DatagramSealer(KEY, (count) => new Uint8Array(count).fill(0x55));
  const prefix = '55'.repeat(16);
  expect(sender.seal(CONTENT, 0).toString('hex')).toBe(
    `${prefix}0000000000000000d7949bf6f56cba3d141983be05697fac8b2c4381aa`,
  );
  expect(sender.seal(CONTENT, 0).toString('hex')).toBe(
    `${prefix}0000000000000001eeb18638d217fab05b81f0017e4b9494657ed5eee9`,
  );
});

test('the key opens every datagram, also an empty one; sealing adds SEAL_BYTES', () => {
  const [sender, receiver] = [sealer(), new DatagramOpener(KEY)];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_400 }), (bytes) => {
      const sealed = sender.seal(bytes, 0);
      expect(sealed.length).toBe(bytes.length + SEAL_BYTES);
      expect(receiver.open(sealed)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('no single flipped bit, and no cut or longer datagram, is opened', () => {
  const sealed = sealer().seal(CONTENT, 0);
  const receiver = new DatagramOpener(KEY);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const altered = Buffer.from(sealed);
    altered.writeUInt8((altered[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
    expect(receiver.open(altered), `bit ${bit}`).toBeUndefined();
  }
  for (let length = 0; length < sealed.length; length++)
    expect(receiver.open(sealed.subarray(0, length))).toBeUndefined();
  expect(receiver.open(Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
  expect(receiver.senders).toBe(0); // Datagrams of strangers create no window.
  expect(receiver.open(sealed)).toEqual(CONTENT); // The refused ones did not mark its counter as seen.
});

test('arbitrary bytes and datagrams of another network are not opened', () => {
  const receiver = new DatagramOpener(KEY);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1_300 }), (bytes) => receiver.open(bytes) === undefined));
  const { datagram } = networkKeys(new Uint8Array(16));
  expect(receiver.open(sealer(1, datagram).seal(CONTENT, 0))).toBeUndefined();
});

test('a flood of strangers does not displace the window of a member', () => {
  const receiver = new DatagramOpener(KEY);
  const [sealed = Buffer.alloc(0)] = sealedRun(1);
  receiver.open(sealed);
  const random = new SeededRandom(7);
  for (let count = 0; count < 200; count++) receiver.open(random.bytes(60));
  expect(receiver.open(sealed)).toBeUndefined();
  expect(receiver.senders).toBe(1);
});

test('the windows are bounded; the sender silent for longest is evicted first', () => {
  const receiver = new DatagramOpener(KEY, 8);
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = sealedRun(2);
  const old = sealer(2).seal(CONTENT, 0);
  receiver.open(first);
  receiver.open(old);
  for (let seed = 10; receiver.senders < 8; seed++) receiver.open(sealer(seed).seal(CONTENT, 0));
  receiver.open(second);
  receiver.open(sealer(5).seal(CONTENT, 0));
  expect(receiver.senders).toBe(8);
  expect(receiver.open(first)).toBeUndefined();
  expect(receiver.open(old)).toEqual(CONTENT);
  expect(new DatagramOpener(KEY).sendersMax).toBe(16_384);
});

describe('order', () => {
  test('each datagram is opened once, in any order within the window', () => {
    const sealed = sealedRun(REPLAY_WINDOW);
    const order = fc.shuffledSubarray(sealed, { minLength: sealed.length });
    fc.assert(
      fc.property(order, (shuffled) => {
        const receiver = new DatagramOpener(KEY);
        expect(shuffled.filter((each) => receiver.open(each) === undefined)).toEqual([]);
        expect(shuffled.filter((each) => receiver.open(each) !== undefined)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('datagrams older than the window are refused', () => {
    const sealed = sealedRun(REPLAY_WINDOW + 1);
    const receiver = new DatagramOpener(KEY);
    expect(receiver.open(sealed[REPLAY_WINDOW] as Buffer)).toBeDefined();
    expect(receiver.open(sealed[0] as Buffer)).toBeUndefined();
    expect(receiver.open(sealed[1] as Buffer)).toBeDefined();
  });

  test('a window accepts exactly the new counters that are at most 63 behind the highest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 400 }), (counters) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        for (const counter of counters) {
          const highest = Math.max(-1, ...seen);
          const expected = !seen.has(counter) && highest - counter < REPLAY_WINDOW;
          expect(window.isNew(counter)).toBe(expected);
          if (!expected) continue;
          window.add(counter);
          seen.add(counter);
        }
      }),
    );
  });
});

test('a sender draws a new prefix every hour, and restarts its counter', () => {
  const [sender, receiver] = [sealer(), new DatagramOpener(KEY)];
  const sealed = [0, PREFIX_MS - 1, PREFIX_MS].map((nowMs) => sender.seal(CONTENT, nowMs));
  const [first = '', same, next = ''] = sealed.map(prefixOf);
  expect(same).toBe(first);
  expect(next).not.toBe(first);
  expect(sealed.map((each) => receiver.open(each))).toEqual([CONTENT, CONTENT, CONTENT]);
});

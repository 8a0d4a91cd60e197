import { expect, test } from 'vitest';
import { AcceptedPushes } from '../../../Peer/Pushes/AcceptedPushes.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';

const peer = (number: number) => number.toString(16).padStart(64, '0') as PeerId;
const file = (number: number) => peer(number) as string as FileId;

test('64 files are pushed by one peer at once, 1,024 by all together', () => {
  const accepted = new AcceptedPushes();
  let number = 0;
  for (let each = 1; each <= 16; each++) {
    expect(accepted.hasRoom(peer(each))).toBe(true);
    for (let count = 0; count < 64; count++) accepted.add(peer(each), file(number++));
    expect(accepted.hasRoom(peer(each))).toBe(false);
  }
  expect(accepted.hasRoom(peer(17))).toBe(false);
  expect(accepted.take(file(0))).toEqual([peer(1)]);
  expect(accepted.hasRoom(peer(17))).toBe(true);
});

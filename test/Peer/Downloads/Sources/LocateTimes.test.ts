import { expect, test } from 'vitest';
import { locateAtMs } from '../../../../Peer/Downloads/Sources/LocateTimes.ts';

test('locate: at 0, 1, 2, 4, 8, 16 s, then every 30 s', () => {
  const asks = Array.from({ length: 9 }, (_, ask) => locateAtMs(ask) / 1_000);
  expect(asks).toEqual([0, 1, 2, 4, 8, 16, 46, 76, 106]);
});

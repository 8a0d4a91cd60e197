import { expect, test } from 'vitest';
import { lostBytes, type Pace } from '../../../../Peer/Downloads/Picking/Takeover.ts';
import { MIB } from '../FakePeer.ts';

const PACE: Pace = { bytesPerSecond: 100 * MIB, waiting: false, quietMs: 0 };
const REQUEST = { unit: 0, source: 'source', bytes: 4 * MIB, sinceMs: 0, received: MIB };

test.each([
  ['due soon: its bytes are in sockets already', 5 * MIB, 100, PACE, 4 * MIB],
  ['behind more than sockets hold', 7 * MIB, 100, PACE, MIB],
  ['due late', 5 * MIB, 2_000, PACE, MIB],
  ['of a source that has been silent', 5 * MIB, 100, { ...PACE, quietMs: 1_000 }, MIB],
])('cancelling a request %s', (_, aheadBytes, leftMs, pace, lost) => {
  expect(lostBytes(REQUEST, aheadBytes, pace, leftMs)).toBe(lost);
});

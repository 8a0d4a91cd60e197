import { expect, test } from 'vitest';
import { findTakeover, lostBytes, type Pace } from '../../../../Peer/Downloads/Picking/Takeover.ts';
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

test.each([
  ['4 s old, 6 s left', 4_000, 6_000, MIB, true],
  ['younger than 4 s', 3_999, 6_000, MIB, false],
  ['5 s left', 10_000, 5_000, MIB, true],
  ['less than 5 s left', 10_000, 4_990, MIB, false],
  ['half a minute left, no duplicates left', 10_000, 30_000, 0, true],
  ['less than half a minute left, no duplicates left', 10_000, 29_990, 0, false],
])('a request before the endgame: %s', (_, nowMs, leftMs, duplicateBytes, moves) => {
  const received = 1_000;
  const request = { unit: 0, source: 'slow', bytes: received + leftMs * 10, sinceMs: 0, received };
  const busy = { pace: { bytesPerSecond: 10_000, waiting: false }, open: [request] };
  const idle = { key: 'fast', pace: { bytesPerSecond: 10e6, waiting: false }, openBytes: 0, has: () => true };
  const found = findTakeover(idle, [busy], { nowMs, endgame: false, duplicateBytes, copies: () => 1 });
  expect(found).toEqual(moves ? { request, kind: 'move', costBytes: received } : undefined);
});

test('a source that was not measured yet counts as fast enough for its first window in a second', () => {
  const request = { unit: 0, source: 'slow', bytes: 4 * MIB, sinceMs: 0, received: 1 };
  const found = (leftMs: number) => {
    const pace = { bytesPerSecond: (4 * MIB * 1_000) / leftMs, waiting: false };
    const idle = {
      key: 'new',
      pace: { bytesPerSecond: undefined, waiting: false },
      openBytes: 0,
      has: () => true,
    };
    const rules = { nowMs: 10_000, endgame: false, duplicateBytes: MIB, copies: () => 1 };
    return findTakeover(idle, [{ pace, open: [request] }], rules)?.kind;
  };
  // The new source would take two seconds.
  expect([found(6_000), found(4_500)]).toEqual(['move', undefined]);
});

test.each([
  [1, 'copy'],
  [2, undefined],
])('in the endgame a started request is copied once (%i open: %s)', (open, kind) => {
  const request = { unit: 0, source: 'slow', bytes: MIB, sinceMs: 0, received: 1 };
  const busy = { pace: { bytesPerSecond: MIB / 4, waiting: false }, open: [request] };
  const idle = { key: 'fast', pace: PACE, openBytes: 0, has: () => true };
  const rules = { nowMs: 1_000, endgame: true, duplicateBytes: 8 * MIB, copies: () => open };
  expect(findTakeover(idle, [busy], rules)?.kind).toBe(kind);
});

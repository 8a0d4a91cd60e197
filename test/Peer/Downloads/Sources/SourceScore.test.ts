import { expect, test } from 'vitest';
import { SourceScore } from '../../../../Peer/Downloads/Sources/SourceScore.ts';
import { WINDOW_BYTES_MAX, WINDOW_BYTES_MIN } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { fileIdNumber } from '../Desk.ts';
import { MIB } from '../FakePeer.ts';

/** Keeps a source busy at a rate. Returns the time at the end. */
function deliver(score: SourceScore, bytesPerSecond: number, fromMs: number, forMs: number): number {
  score.requested(1e12, fromMs);
  let nowMs = fromMs;
  for (; nowMs < fromMs + forMs; nowMs += 20) {
    score.received(bytesPerSecond / 50, nowMs + 20);
    score.arrived(bytesPerSecond / 50);
  }
  score.ended(1e12 - (bytesPerSecond / 50) * Math.ceil(forMs / 20), nowMs);
  return nowMs;
}

test('the window is a second of the rate, between 2 and 48 MiB', () => {
  const score = new SourceScore();
  expect(score.windowBytes(0)).toBe(WINDOW_BYTES_MIN);
  const now = deliver(score, 10e6, 0, 5_000);
  expect(score.windowBytes(now) / 10e6).toBeCloseTo(1, 1);
  const later = deliver(score, 500e6, now, 5_000);
  expect(score.windowBytes(later)).toBe(WINDOW_BYTES_MAX);
  expect(score.windowBytes(deliver(score, 1e3, later, 20_000))).toBe(WINDOW_BYTES_MIN);
});

test.each([20, 50, 150])('the window keeps ahead of slow start over %i ms', (roundTripMs) => {
  const score = new SourceScore();
  score.requested(1e12, 0);
  for (let nowMs = roundTripMs, rate = 1e5; rate < 2e8; nowMs += 10) {
    score.received(rate / 100, nowMs);
    score.arrived(rate / 100);
    const nextRoundTrip = 2 * rate * (roundTripMs / 1_000);
    expect(score.windowBytes(nowMs)).toBeGreaterThan(Math.min(nextRoundTrip, WINDOW_BYTES_MAX - 1));
    rate *= 2 ** (10 / roundTripMs);
  }
});

test('until the rate is measured, the window is twice of what has arrived', () => {
  const score = new SourceScore();
  score.requested(1e12, 0);
  const windows = [1, 3, 8].map((mebibytes, index) => {
    score.received(mebibytes * MIB, 10 * (index + 1));
    return score.windowBytes(10 * (index + 1)) / MIB;
  });
  expect(windows).toEqual([2, 8, 24]);
  score.received(16 * MIB, 40);
  expect(score.windowBytes(40)).toBe(WINDOW_BYTES_MAX);
  const slow = new SourceScore();
  slow.requested(1e12, 0);
  slow.received(MIB / 2, 99);
  expect(slow.windowBytes(99)).toBe(WINDOW_BYTES_MIN);
});

test('with a short round trip slow start ends at once: a growing rate widens the window only by the average', () => {
  const score = new SourceScore();
  score.requested(MIB, 0);
  score.received(MIB, 16);
  score.ended(0, 16);
  const now = deliver(score, 50e6, deliver(score, 5e6, 16, 100), 100);
  expect(score.windowBytes(now)).toBeLessThan(20e6);
});

test('once its rate fell, peaks widen the window no more than the average does', () => {
  const score = new SourceScore();
  const now = deliver(score, 10e6, deliver(score, 20e6, 0, 1_000), 2_000);
  expect(score.windowBytes(deliver(score, 100e6, now, 100))).toBeLessThan(25e6);
});

test('idle time does not lower the rate; silence with pending requests does', () => {
  const score = new SourceScore();
  const now = deliver(score, 10e6, 0, 5_000);
  expect(score.bytesPerSecond(now + 60_000)).toBeCloseTo(10e6, -6);
  score.requested(MIB, now + 60_000);
  expect(score.bytesPerSecond(now + 63_000)).toBeLessThan(1e6);
});

test.each(seeds(40))('never more under way than the window, but always one request (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const score = new SourceScore();
  const open: { bytes: number; left: number }[] = [];
  for (let step = 0, nowMs = 0; step < 500; step++, nowMs += random.int(0, 200)) {
    const bytes = random.int(1, 4 * MIB);
    const room = score.roomBytes(nowMs);
    if (open.length === 0) expect(room).toBe(Number.POSITIVE_INFINITY);
    if (bytes <= room) {
      score.requested(bytes, nowMs);
      open.push({ bytes, left: bytes });
      if (open.length > 1) expect(score.inFlight).toBeLessThanOrEqual(score.windowBytes(nowMs));
    } else if (open.length > 0) {
      const request = random.pick(open);
      const came = random.int(0, request.left);
      score.received(came, nowMs);
      score.arrived(came);
      request.left -= came;
      if (random.chance(0.6)) score.ended(request.left, nowMs);
      else continue;
      open.splice(open.indexOf(request), 1);
    }
    expect(score.inFlight).toBe(open.reduce((sum, { left }) => sum + left, 0));
    expect(score.open).toBe(open.length);
  }
});

test('a snubbed source is deferred for 1, 5, 15, 60, 60 s, then gets one request', () => {
  const score = new SourceScore();
  let now = 0;
  for (const restMs of [1_000, 5_000, 15_000, 60_000, 60_000]) {
    score.requested(MIB, now);
    expect(score.turnedSilent(now + 9_999)).toBe(false);
    now += 10_000;
    expect(score.turnedSilent(now)).toBe(true);
    expect(score.backoffReason).toBe('silent');
    score.ended(MIB, now);
    expect(score.roomBytes(now + restMs - 1)).toBe(0);
    now += restMs;
    expect(score.roomBytes(now)).toBe(Number.POSITIVE_INFINITY);
  }
  score.requested(MIB, now);
  expect(score.roomBytes(now)).toBe(0);
  score.received(1, now + 1);
  expect(score.backoffReason).toBeUndefined();
  expect(score.roomBytes(now + 1)).toBeGreaterThan(0);
});

test('a source that queues us is not silent, and has one pending request', () => {
  const score = new SourceScore();
  score.requested(MIB, 0);
  score.queued(3, 10);
  expect(score.roomBytes(20)).toBe(0);
  expect(score.turnedSilent(60_000)).toBe(false);
  score.queued(0, 60_000);
  expect(score.roomBytes(60_000)).toBe(MIB);
  expect(score.turnedSilent(69_999)).toBe(false);
  expect(score.turnedSilent(70_000)).toBe(true);
});

test('several requests that fail at once count as one failure', () => {
  const score = new SourceScore();
  for (let request = 0; request < 50; request++) score.backOff('unreachable', 5);
  expect(score.backoffLeftMs(5)).toBe(500);
  score.backOff('unreachable', 505);
  score.backOff('unreachable', 1_005);
  expect(score.backoffLeftMs(1_005)).toBe(1_000);
  score.rediscovered();
  expect(score.backoffLeftMs(1_005)).toBe(0);
  score.backOff('silent', 1_005);
  score.rediscovered();
  expect(score.backoffLeftMs(1_005)).toBe(1_000); // A live link proves no delivery.
});

test('wrong bytes: distrusted for the file, banned for an hour at the third', () => {
  const score = new SourceScore();
  expect(score.blame(fileIdNumber(1), 0)).toBe('distrusted');
  expect(score.isDistrusted(fileIdNumber(1))).toBe(true);
  expect(score.isDistrusted(fileIdNumber(2))).toBe(false);
  expect(score.blame(fileIdNumber(2), 0)).toBe('distrusted');
  expect(score.blame(fileIdNumber(3), 0)).toBe('banned');
  expect(score.roomBytes(3_599_999)).toBe(0);
  expect(score.isBanned(3_600_000)).toBe(false);
});

test('after lining up nothing is requested before our turn; then at least one chunk, within the turn', () => {
  const score = new SourceScore();
  score.expectTurns();
  expect(score.turnIsOver(MIB)).toBe(true);
  score.lineUp(0);
  score.queued(3, 0, 5);
  expect(score.place).toBe(3); // Shown although nothing is requested.
  expect(score.roomBytes(1_000)).toBe(0);
  score.turn(1.5 * MIB);
  expect(score.place).toBe(0);
  expect(score.roomBytes(1_000)).toBe(Number.POSITIVE_INFINITY);
  score.requested(MIB, 1_000);
  expect(score.turnIsOver(MIB)).toBe(true);
  score.turn(undefined);
  expect(score.turnIsOver(MIB)).toBe(false);
});

test('a queue place without a turn for half a minute is dropped', () => {
  const score = new SourceScore();
  score.lineUp(0);
  expect(score.roomBytes(29_000)).toBe(0);
  expect(score.roomBytes(31_000)).toBeGreaterThan(0);
});

test('after its ban a peer is banned again only for three more corrupt chunks', () => {
  const score = new SourceScore();
  const verdicts = [0, 0, 0, 0, 0, 0].map((nowMs) => score.blame(fileIdNumber(1), nowMs));
  expect(verdicts.map((verdict) => verdict === 'banned')).toEqual([false, false, true, false, false, true]);
});

test.each([
  [900, 3],
  [1_100, 0],
])('bytes that arrive %d ms after a queue message leave the position at %d', (afterMs, place) => {
  const score = new SourceScore();
  score.requested(1_000, 0);
  score.queued(3, 0);
  score.received(100, afterMs);
  expect(score.place).toBe(place);
});

test('a peer that is being asked already is not deferred to a turn', () => {
  const score = new SourceScore();
  score.requested(1_000, 0);
  score.expectTurns();
  expect(score.turnIsOver(1_000)).toBe(false);
});

import { expect, test } from 'vitest';
import { BusLimits } from '../../../Tracker/Cluster/BusLimits.ts';
import { idOf, runOf } from '../peers.ts';
import { recordExamples } from './examples.ts';

/** How many of `tries` are allowed at one moment. */
function allowed(tries: number, take: () => boolean): number {
  return Array.from({ length: tries }, take).filter((isAllowed) => isAllowed).length;
}

test.each<[string, (limits: BusLimits, nowMs: number) => boolean, burst: number, perSecond: number]>([
  ['records', (limits, nowMs) => limits.allowsRecord(nowMs), 40_000, 20_000],
  ['announcements', (limits, nowMs) => limits.allowsAnnouncement(nowMs), 2_000, 500],
  ['trackers that join', (limits, nowMs) => limits.allowsJoin(nowMs), 128, 1],
  ['MiB of decoded records', (limits, nowMs) => limits.allowsBytes(1_048_576, nowMs), 32, 32],
])('%s of all trackers together', (_what, take, burst, perSecond) => {
  const limits = new BusLimits();
  expect(allowed(burst + 100, () => take(limits, 0))).toBe(burst);
  expect(allowed(burst + 100, () => take(limits, 1_000))).toBe(perSecond);
});

test.each([
  ['search', 400, 200],
  ['locate', 10_000, 5_000],
  ['peers', 2_000, 1_000],
  ['folder', 200, 100],
  ['call', 400, 200],
] as const)('questions of one tracker: %s', (type, burst, perSecond) => {
  const limits = new BusLimits();
  const ask = (nowMs: number) => () =>
    limits.allowsQuestion({ ...recordExamples[type], from: runOf(1) }, nowMs);
  expect(allowed(burst + 100, ask(0))).toBe(burst);
  expect(allowed(burst + 100, ask(1_000))).toBe(perSecond);
});

test('questions of all trackers together take four fifths of a core, however many names one tracker has', () => {
  const limits = new BusLimits();
  const flood = (nowMs: number) =>
    Array.from({ length: 63 }, (_, at) => runOf(at)).reduce((sum, from) => {
      limits.left(from);
      return sum + allowed(400, () => limits.allowsQuestion({ ...recordExamples.search, from }, nowMs));
    }, 0);
  expect(flood(0)).toBe(800);
  expect(flood(1_000)).toBe(400);
});

test('a tracker that has left and joins again is a new one', () => {
  const limits = new BusLimits();
  const question = { ...recordExamples.call, from: runOf(1), target: idOf(1) };
  const ask = () => limits.allowsQuestion(question, 0);
  expect(allowed(500, ask)).toBe(400);
  limits.left(runOf(1));
  expect(allowed(500, ask)).toBe(400);
});

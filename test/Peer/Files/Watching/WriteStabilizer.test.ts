import { expect, test } from 'vitest';
import { type FileState, fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { WriteStabilizer } from '../../../../Peer/Files/Watching/WriteStabilizer.ts';

const SETTINGS = { quietMs: 700, quietMaxMs: 30_000, coalesceMs: 100, rescanMs: 30_000 };
const NEW = 0;
const OLD = 60_000;

/** State of a file after its n-th write. */
function written(n: number): FileState {
  return fileState({ dev: 1n, ino: 1n, size: 10n, mtimeNs: BigInt(n), ctimeNs: BigInt(n) });
}

function dueAt(stabilizer: WriteStabilizer, nowMs: number, limit = 100): string[] {
  return stabilizer.takeDue(nowMs, limit).map(({ path }) => path);
}

test('a file is due after a quiet period without a write; a repeated check does not restart it', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  stabilizer.observe('a', written(1), 0, NEW);
  stabilizer.observe('a', written(2), 600, NEW);
  stabilizer.observe('a', written(2), 1_200, NEW);
  expect(dueAt(stabilizer, 1_299)).toEqual([]);
  expect([stabilizer.size, stabilizer.bytes]).toEqual([1, 10]);
  expect(stabilizer.takeDue(1_300, 100)).toEqual([{ path: 'a', state: written(2) }]);
  expect([stabilizer.size, stabilizer.bytes]).toEqual([0, 0]);
});

test('a file written long ago is due at once, unless a write was reported a moment ago', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  stabilizer.observe('old', written(1), 0, OLD);
  stabilizer.observe('restored', written(1), 0, NEW);
  stabilizer.observe('restored', written(2), 0, OLD);
  stabilizer.observe('from the future', written(1), 0, -1);
  expect(dueAt(stabilizer, 0)).toEqual(['old']);
  expect(dueAt(stabilizer, 700)).toEqual(['restored', 'from the future']);
});

test('each void hash doubles the quiet period, up to 30 s; a hash that holds resets it', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  const periods: number[] = [];
  for (let write = 1; write <= 8; write++) {
    stabilizer.backOff('log');
    stabilizer.observe('log', written(write), 0, NEW);
    let nowMs = 0;
    while (dueAt(stabilizer, nowMs).length === 0) nowMs += 100;
    periods.push(nowMs);
  }
  expect(periods).toEqual([1_400, 2_800, 5_600, 11_200, 22_400, 30_000, 30_000, 30_000]);
  stabilizer.forget('log');
  stabilizer.observe('log', written(9), 0, NEW);
  expect(dueAt(stabilizer, 700)).toEqual(['log']);
});

test('no more files are taken than asked for, and none twice; a removed file is not taken', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  for (const path of ['a', 'b', 'c', 'd']) stabilizer.observe(path, written(1), 0, OLD);
  stabilizer.forget('b');
  expect(dueAt(stabilizer, 0, 2)).toEqual(['a', 'c']);
  expect(dueAt(stabilizer, 0, 2)).toEqual(['d']);
  stabilizer.observe('e', written(1), 0, OLD);
  expect([dueAt(stabilizer, 0, 2), dueAt(stabilizer, 0, 2)]).toEqual([['e'], []]);
});

test('a file written again soon after each hash waits longer and longer; one that rested for long does not', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  const periods: number[] = [];
  let nowMs = 0;
  for (let write = 1; write <= 4; write++) {
    stabilizer.observe('log', written(write), nowMs, NEW);
    const startMs = nowMs;
    while (dueAt(stabilizer, nowMs).length === 0) nowMs += 100;
    periods.push(nowMs - startMs);
    stabilizer.rested('log', nowMs, periods.at(-1) ?? 0);
    nowMs += 1_000;
  }
  expect(periods).toEqual([700, 1_400, 2_800, 5_600]);
  nowMs += 4 * 5_600;
  stabilizer.observe('log', written(5), nowMs, NEW);
  expect(dueAt(stabilizer, nowMs + 700)).toEqual(['log']);
});

test('a write soon after the first hash of a file written long ago is no sign of a busy file', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  stabilizer.rested('a', 0, OLD);
  stabilizer.observe('a', written(2), 100, NEW);
  expect(dueAt(stabilizer, 800)).toEqual(['a']);
});

test('a file written all the time is reported as restless after 3 s, once until it is quiet', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  stabilizer.observe('copied', written(1), 2_000, NEW);
  stabilizer.observe('old', written(1), 0, OLD);
  for (let nowMs = 0; nowMs <= 3_000; nowMs += 500) stabilizer.observe('log', written(nowMs), nowMs, NEW);
  expect(stabilizer.takeRestless(2_999)).toEqual([]);
  expect([...stabilizer.restingPaths()]).toEqual(['old', 'copied', 'log']);
  expect(stabilizer.takeRestless(3_000)).toEqual(['log']);
  expect(stabilizer.takeRestless(3_100)).toEqual([]);
  expect([...stabilizer.restingPaths()]).toEqual(['old', 'copied']);
  stabilizer.rested('log', 3_700, 700);
  for (let nowMs = 4_000; nowMs <= 7_000; nowMs += 500) stabilizer.observe('log', written(nowMs), nowMs, NEW);
  expect(stabilizer.takeRestless(7_000)).toContain('log');
});

test('a due file that is queued behind others is not restless', () => {
  const stabilizer = new WriteStabilizer(SETTINGS);
  stabilizer.observe('a', written(1), 0, NEW);
  expect(stabilizer.takeRestless(60_000)).toEqual([]);
});

import { expect, test } from 'vitest';
import { HaveBatch } from '../../../Peer/Network/Links/HaveBatch.ts';
import { LateHaves } from '../../../Peer/Network/Links/LateHaves.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const FILE = '1'.repeat(64) as FileId;

test('the first chunk is told at once, those of the next 50 ms together', async () => {
  const clock = new SimulatedClock();
  const told: [number, readonly number[]][] = [];
  const startMs = clock.nowMs();
  const batch = new HaveBatch(clock, (_, chunks) => told.push([clock.nowMs() - startMs, chunks]));
  batch.add(FILE, 1);
  await clock.advanceAsync(10);
  batch.add(FILE, 2);
  await clock.advanceAsync(10);
  batch.add(FILE, 3);
  await clock.advanceAsync(100);
  expect(told).toEqual([
    [0, [1]],
    [50, [2, 3]],
  ]);
  batch.close();
});

test('useless news waits for useful news, and not for ever', () => {
  const late = new LateHaves();
  expect(late.add(FILE, [1], true)).toBeUndefined();
  expect(late.add(FILE, [2], false)).toEqual([1, 2]);
  const useful = [3];
  expect(late.add(FILE, useful, false)).toBe(useful);
  let told: readonly number[] | undefined;
  let chunk = 10;
  for (; told === undefined && chunk < 100; chunk++) told = late.add(FILE, [chunk], true);
  expect(told).toHaveLength(16);
  expect(late.add(FILE, [50], true)).toBeUndefined();
  late.drop(FILE);
  expect(late.add(FILE, [51], false)).toEqual([51]);
});

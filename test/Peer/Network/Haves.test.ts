import { expect, test } from 'vitest';
import { DeferredHaves } from '../../../Peer/Network/Links/Content/DeferredHaves.ts';
import { HaveBatch } from '../../../Peer/Network/Links/Content/HaveBatch.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const FILE = '1'.repeat(64) as FileId;

test('the first chunk is announced at once, those of the next 50 ms together', async () => {
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

test('announcements of no use are deferred until there is a useful one, or 16 are pending', () => {
  const late = new DeferredHaves();
  expect(late.add(FILE, [1], 'has them', 0)).toBeUndefined();
  expect(late.add(FILE, [2], undefined, 0)).toEqual([1, 2]);
  const useful = [3];
  expect(late.add(FILE, useful, undefined, 0)).toBe(useful);
  let told: readonly number[] | undefined;
  let chunk = 10;
  for (; told === undefined && chunk < 100; chunk++) told = late.add(FILE, [chunk], 'has them', 0);
  expect(told).toHaveLength(16);
  expect(late.add(FILE, [50], 'has them', 0)).toBeUndefined();
  late.drop(FILE);
  expect(late.add(FILE, [51], undefined, 0)).toEqual([51]);
});

test('a peer with the whole file gets haves every half second, and the rest once it is interested', () => {
  const late = new DeferredHaves();
  const told: [number, readonly number[]][] = [];
  for (let chunk = 0; chunk < 100; chunk++) {
    const news = late.add(FILE, [chunk], 'has all', chunk * 40);
    if (news !== undefined) told.push([chunk * 40, news]);
  }
  expect(told.map(([ms]) => ms)).toEqual([0, 520, 1_040, 1_560, 2_080, 2_600, 3_120, 3_640]);
  expect(late.take(FILE)).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
  expect(told.flatMap(([, chunks]) => chunks).length).toBe(92);
  expect(late.take(FILE)).toEqual([]);
  // A slow peer is sent haves at once.
  expect(late.add(FILE, [200], 'has all', 10_000)).toEqual([200]);
  expect(late.add(FILE, [201], 'has all', 10_600)).toEqual([201]);
});

import { expect, test } from 'vitest';
import { UnitScheduler } from '../../../../Peer/Downloads/Picking/UnitScheduler.ts';
import { chunkUnits } from '../../../../Peer/Downloads/Picking/Units.ts';
import { Bitfield } from '../../../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { chunksOf, MIB } from '../FakePeer.ts';

const SIZE = 16 * MIB;

/** A seeder and a leecher that has chunks 0 to 3. */
function swarm(order: 'any' | 'in order' = 'any'): UnitScheduler<string> {
  const scheduler = new UnitScheduler<string>({
    swarms: true,
    units: chunkUnits(chunkLayout(SIZE)),
    verified: new Bitfield(16),
    order,
    random: new SeededRandom(1).next,
    paceOf: () => ({ bytesPerSecond: 1e6, waiting: false }),
  });
  scheduler.join('seeder', undefined);
  scheduler.join('leecher', chunksOf(SIZE, [0, 1, 2, 3]));
  return scheduler;
}

const next = (scheduler: UnitScheduler<string>, nowMs = 0) => scheduler.next('seeder', nowMs)?.request.unit;

test('suggested chunks are requested first, and no others while the source may release new ones', () => {
  const scheduler = swarm();
  scheduler.suggest('seeder', { chunks: [99, 9, 5], rest: 'nothing' }, 0);
  expect([next(scheduler), next(scheduler), next(scheduler)]).toEqual([9, 5, undefined]);
  scheduler.suggest('seeder', { chunks: [5, 7], rest: 'nothing' }, 0);
  expect([next(scheduler), next(scheduler)]).toEqual([7, undefined]);
});

test('then chunks that others have too, but none that only this source has', () => {
  const scheduler = swarm();
  scheduler.suggest('seeder', { chunks: [], rest: 'spread' }, 0);
  const asked = [1, 2, 3, 4].map(() => next(scheduler) ?? -1);
  expect(asked.toSorted()).toEqual([0, 1, 2, 3]);
  expect(next(scheduler)).toBeUndefined();
});

test('a source without suggestions for 2 s is asked like any other', () => {
  const scheduler = swarm();
  scheduler.suggest('seeder', { chunks: [], rest: 'nothing' }, 0);
  expect(next(scheduler, 1_999)).toBeUndefined();
  expect(next(scheduler, 2_000)).toBeGreaterThanOrEqual(0);
});

test('a reader in order, or a leecher with free choice, ignores suggestions', () => {
  const reader = swarm('in order');
  reader.suggest('seeder', { chunks: [9], rest: 'nothing' }, 0);
  expect([next(reader), next(reader)]).toEqual([0, 1]);
  const scheduler = swarm();
  scheduler.suggest('seeder', { chunks: [9], rest: 'nothing' }, 0);
  scheduler.suggest('seeder', undefined, 0);
  expect([1, 2, 3].map(() => next(scheduler)).every((chunk) => chunk !== undefined)).toBe(true);
});

test('with another complete source about, everything counts as what others have too', () => {
  const scheduler = swarm();
  scheduler.join('grown', undefined);
  scheduler.suggest('seeder', { chunks: [], rest: 'spread' }, 0);
  expect(
    Array.from({ length: 16 }, () => next(scheduler)).filter((chunk) => chunk !== undefined),
  ).toHaveLength(16);
});

test('a source that withholds chunks is not asked as long as others send bytes', () => {
  const scheduler = swarm();
  scheduler.suggest('seeder', { chunks: [], rest: 'nothing' }, 0);
  const request = scheduler.next('leecher', 1_500)?.request;
  if (request === undefined) return expect.fail();
  scheduler.verified(request, 2_500);
  expect(next(scheduler, 3_000)).toBeUndefined();
  expect(next(scheduler, 4_500)).toBeGreaterThanOrEqual(0);
});

import { expect, test } from 'vitest';
import { PartSync } from '../../../../Peer/Files/Parts/PartSync.ts';
import { SyncQueue } from '../../../../Peer/Files/Parts/SyncQueue.ts';
import { SYNC_BYTES, SYNC_MS } from '../../../../Protocol/Limits.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

/** A scheduler whose syncs are ended by the test. */
function desk(records = 0, queue = new SyncQueue()) {
  const clock = new SimulatedClock();
  const marks: number[] = [];
  const failures: unknown[] = [];
  const running: { resolve: () => void; reject: (reason: unknown) => void }[] = [];
  const sync = new PartSync(records, {
    clock,
    queue,
    sync: (count) => {
      marks.push(count);
      return new Promise((resolve, reject) => running.push({ resolve, reject }));
    },
    failed: (reason) => failures.push(reason),
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const end = async () => {
    running.shift()?.resolve();
    await turn();
  };
  const fail = async () => {
    running.shift()?.reject(new Error('EIO'));
    await turn();
  };
  return { sync, clock, marks, failures, end, fail, turn };
}

test('new chunks are synced after SYNC_MS, together with the records of earlier runs', async () => {
  const { sync, clock, marks, end } = desk(3);
  sync.recorded(1);
  clock.advance(SYNC_MS - 1);
  sync.recorded(1);
  expect(marks).toEqual([]);
  clock.advance(1);
  expect(marks).toEqual([5]);
  await end();
  clock.advance(10 * SYNC_MS);
  expect(marks).toEqual([5]);
  expect(clock.pending).toBe(0);
});

test('SYNC_BYTES of new chunks are synced at once, and the count restarts', async () => {
  const { sync, marks, end } = desk();
  sync.recorded(SYNC_BYTES - 1);
  expect(marks).toEqual([]);
  sync.recorded(1);
  expect(marks).toEqual([2]);
  await end();
  sync.recorded(SYNC_BYTES - 1);
  expect(marks).toEqual([2]);
});

test('only one sync runs at a time; chunks recorded meanwhile wait for the next', async () => {
  const { sync, clock, marks, end } = desk();
  sync.recorded(SYNC_BYTES);
  sync.recorded(SYNC_BYTES);
  clock.advance(10 * SYNC_MS);
  expect(marks).toEqual([1]);
  await end();
  expect(marks).toEqual([1, 2]);
});

test('finish waits for the running sync, then syncs the rest', async () => {
  const { sync, marks, end, turn } = desk();
  sync.recorded(SYNC_BYTES);
  sync.recorded(1);
  let finished = false;
  const over = sync.finish().then(() => {
    finished = true;
  });
  await turn();
  expect(marks).toEqual([1]);
  await end();
  expect([marks, finished]).toEqual([[1, 2], false]);
  await end();
  await over;
});

test('finish has nothing to do when everything is synced', async () => {
  const { sync, marks, end } = desk();
  sync.recorded(SYNC_BYTES);
  await end();
  await sync.finish();
  expect(marks).toEqual([1]);
});

test('stop leaves no timer and starts no sync, but waits for the running one', async () => {
  const { sync, clock, marks, end, turn } = desk();
  sync.recorded(SYNC_BYTES);
  let stopped = false;
  const over = sync.stop().then(() => {
    stopped = true;
  });
  sync.recorded(SYNC_BYTES);
  await turn();
  expect(stopped).toBe(false);
  await end();
  await over;
  clock.advance(10 * SYNC_MS);
  expect(marks).toEqual([1]);

  const other = desk();
  other.sync.recorded(1);
  await other.sync.stop();
  expect(other.clock.pending).toBe(0);
});

test('a failed sync is reported, and rejects nothing', async () => {
  const { sync, failures, fail } = desk();
  sync.recorded(SYNC_BYTES);
  await fail();
  expect(failures).toEqual([new Error('EIO')]);
  await sync.finish();
});

test('of all files one syncs at a time; a stopped one waits for no other, and gives its place up', async () => {
  const queue = new SyncQueue();
  const [first, second, third] = [desk(0, queue), desk(0, queue), desk(0, queue)];
  for (const { sync } of [first, second, third]) sync.recorded(SYNC_BYTES);
  expect([first.marks, second.marks, third.marks]).toEqual([[1], [], []]);
  await second.sync.stop();
  await first.end();
  expect([first.marks, second.marks, third.marks]).toEqual([[1], [], [1]]);
});

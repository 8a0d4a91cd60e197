import { expect, test } from 'vitest';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { Desk, fileIdNumber } from '../Desk.ts';
import { type FakePeer, MIB } from '../FakePeer.ts';

/** Pushes of one sender at a rate in bytes per second, by default 0. */
function push(desk: Desk, sender: FakePeer, count: number, first = 1): void {
  for (let index = 0; index < count; index++) {
    const fileId = fileIdNumber(first + index);
    const path = `gift${first + index}`;
    desk.downloads.add({
      ...desk.wish(3 * MIB, [sender], { fileId, path }),
      pushedBy: sender.holder.peerId as PeerId,
    });
  }
}

const states = (desk: Desk) => {
  const counts: Record<string, number> = {};
  for (const { state } of desk.downloads.list()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};

test('64 pushes that never deliver do not delay a download of the user', async () => {
  const desk = new Desk();
  const hostile = desk.network.peer();
  hostile.stalled = true;
  push(desk, hostile, 64);
  await desk.clock.advanceAsync(1_000);
  expect(states(desk)).toEqual({ fetching: 4, waiting: 60 });
  const friend = desk.network.peer();
  const { number } = desk.downloads.add(
    desk.wish(20 * MIB, [friend], { fileId: fileIdNumber(99), path: 'mine' }),
  );
  expect(await desk.end(number)).toMatchObject({ state: 'done' });
  expect(desk.downloads.list()[number - 1]?.tookMs).toBeLessThan(3_000);
  await desk.close();
});

test('a push of another sender gets a place within half a minute', async () => {
  const desk = new Desk();
  const hostile = desk.network.peer();
  hostile.stalled = true;
  push(desk, hostile, 64);
  await desk.clock.advanceAsync(1_000);
  push(desk, desk.network.peer(), 1, 65);
  const honest = await desk.end(65);
  expect(honest).toMatchObject({ state: 'done' });
  expect(honest.tookMs).toBeLessThan(35_000);
  await desk.close();
});

test('a push that delivers bytes keeps its place, even if a chunk takes minutes', async () => {
  const desk = new Desk();
  const slow = desk.network.peer(150_000);
  const seen = new Set<string>();
  desk.downloads.on('changed', ({ state }) => seen.add(state));
  // Chunks of 16 MiB, which take almost two minutes each.
  desk.downloads.add({ ...desk.wish(9_000 * MIB, [slow]), pushedBy: slow.holder.peerId as PeerId });
  await desk.clock.advanceAsync(120_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'fetching', bytes: 16 * MIB });
  expect(seen).not.toContain('waiting');
  await desk.close();
});

test('a push that delivers nothing in any of its turns ends and leaves no part', async () => {
  const desk = new Desk();
  const hostile = desk.network.peer();
  hostile.stalled = true;
  push(desk, hostile, 1);
  expect(await desk.end(1, 700_000)).toMatchObject({ state: 'cancelled' });
  await desk.close();
});

test('a pushed file that the user asks for too is a download of the user', async () => {
  const desk = new Desk();
  const hostile = desk.network.peer();
  hostile.stalled = true;
  push(desk, hostile, 10);
  await desk.clock.advanceAsync(1_000);
  expect(states(desk)).toEqual({ fetching: 4, waiting: 6 });
  const friend = desk.network.peer();
  desk.downloads.add(desk.wish(3 * MIB, [friend], { fileId: fileIdNumber(10), path: 'gift10' }));
  expect(await desk.end(10)).toMatchObject({ state: 'done' });
  await desk.close();
});

/** Downloads of the user, 20 MiB each, from one peer of 10 MiB/s. */
function three(maxDownloads: number) {
  const desk = new Desk(1, { maxDownloads });
  const friend = desk.network.peer();
  friend.bytesPerSecond = 10 * MIB;
  for (const number of [1, 2, 3])
    desk.downloads.add(
      desk.wish(20 * MIB, [friend], { fileId: fileIdNumber(number), path: `film${number}` }),
    );
  return { desk, byNumber: () => desk.downloads.list().map(({ state }) => state) };
}

test('a queued download that the user puts first takes the place of the running one', async () => {
  const { desk, byNumber } = three(1);
  await desk.clock.advanceAsync(500);
  expect(byNumber()).toEqual(['fetching', 'waiting', 'waiting']);
  await desk.downloads.first(3);
  await desk.clock.advanceAsync(500);
  expect(byNumber()).toEqual(['waiting', 'waiting', 'fetching']);
  expect(desk.downloads.list().map(({ rank }) => rank)).toEqual([1, 2, 0]);
  await desk.end(3);
  await desk.clock.advanceAsync(500);
  expect(byNumber()).toEqual(['fetching', 'waiting', 'done']);
  await desk.downloads.first(1); // It is the first already.
  expect(desk.downloads.list()[0]?.rank).toBe(1);
  await desk.close();
});

test('of running downloads, the one that the user puts first gets the bytes', async () => {
  const { desk, byNumber } = three(8);
  await desk.clock.advanceAsync(300);
  await desk.downloads.first(3);
  await desk.end(3);
  expect(byNumber()).toEqual(['fetching', 'fetching', 'done']);
  await desk.close();
});

test('a paused download that is put first goes on', async () => {
  const { desk, byNumber } = three(2);
  await desk.downloads.pause(2);
  await desk.clock.advanceAsync(300);
  await desk.downloads.first(2);
  await desk.clock.advanceAsync(300);
  expect(byNumber()).toEqual(['fetching', 'fetching', 'waiting']);
  await desk.close();
});

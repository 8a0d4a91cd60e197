import { describe, expect, test } from 'vitest';
import { Desk, FILE } from '../Desk.ts';
import { type FakePeer, MIB } from '../FakePeer.ts';

/** A download of 20 s with one source, which vanishes after 5 s. */
async function bereft(): Promise<{ desk: Desk; peer: FakePeer }> {
  const desk = new Desk();
  const peer = desk.network.peer(MIB);
  desk.downloads.add(desk.wish(20 * MIB, [peer]));
  await desk.clock.advanceAsync(5_000);
  peer.vanish();
  return { desk, peer };
}

const reason = (desk: Desk) => desk.downloads.list()[0]?.reason;

test.each([
  [2_500, 3_100],
  [3_500, 4_200],
  [6_000, 7_700],
  [12_000, 12_800],
  [20_000, 22_900],
])('a source that returns after %d ms sends again by %d ms', async (awayMs, byMs) => {
  const { desk, peer } = await bereft();
  await desk.clock.advanceAsync(awayMs);
  expect(reason(desk)).toMatch(/^waiting for peer 1 to return, again in \d+ s$/);
  peer.reachable = true;
  await desk.clock.advanceAsync(byMs - awayMs);
  expect(reason(desk)).not.toMatch(/return/);
  expect(desk.downloads.list()[0]?.sources[0]?.state).toBe('active');
  await desk.close();
});

test('a source that is named at another address, or dials us, is retried at once', async () => {
  for (const change of [{ address: { host: '127.0.0.7', port: 9_001 } }, { near: true }]) {
    const { desk, peer } = await bereft();
    await desk.clock.advanceAsync(60_000);
    peer.reachable = true;
    await desk.clock.advanceAsync(100);
    expect(reason(desk)).toMatch(/return/);
    desk.downloads.addSource(FILE, { ...peer.holder, ...change });
    await desk.clock.advanceAsync(100);
    expect(desk.downloads.list()[0]?.sources[0]?.state).toBe('active');
    await desk.close();
  }
});

test('after the loss of the last source the trackers are asked soon: its address may have changed', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(MIB);
  desk.downloads.add(desk.wish(60 * MIB, [peer]));
  await desk.clock.advanceAsync(20_000);
  const before = desk.network.locates;
  peer.vanish();
  await desk.clock.advanceAsync(5_000);
  expect(desk.network.locates - before).toBe(4); // At once, after 1, 2 and 4 s.
  await desk.close();
});

test('when all sources are silent the trackers are asked soon, once: there may be new holders', async () => {
  const desk = new Desk();
  const [silent, other] = [desk.network.peer(MIB), desk.network.peer()];
  desk.downloads.add(desk.wish(60 * MIB, [silent]));
  await desk.clock.advanceAsync(20_000);
  silent.stalled = true;
  await desk.clock.advanceAsync(9_000);
  const before = desk.network.locates;
  await desk.clock.advanceAsync(60_000);
  expect(desk.network.locates - before).toBe(7); // Six early locates, and one 30 s later.
  desk.wish(60 * MIB, [other]);
  desk.network.located.push(other);
  await desk.clock.advanceAsync(30_000);
  expect((await desk.end()).state).toBe('done');
  await desk.close();
});

test('a silent source with pending requests is probed repeatedly', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(MIB);
  const probed: number[] = [];
  desk.network.probe = () => void probed.push(desk.clock.nowMs());
  desk.downloads.add(desk.wish(20 * MIB, [peer]));
  await desk.clock.advanceAsync(5_000);
  expect(probed).toEqual([]);
  peer.stalled = true;
  await desk.clock.advanceAsync(9_900);
  expect(probed).toHaveLength(3);
  for (const [one, other] of [probed.slice(0, 2), probed.slice(1)])
    expect(Number(other) - Number(one)).toBeGreaterThanOrEqual(3_000);
  await desk.close();
});

describe('a swarm of many holders', () => {
  /** The numbers of connected sources after 0.5 s, after 2 s, and after 30 more peers have dialled us. */
  async function connected(holders: number): Promise<number[]> {
    const desk = new Desk();
    const peers = Array.from({ length: holders }, () => desk.network.peer(1_000));
    desk.downloads.add(desk.wish(200 * MIB, peers));
    const count = () =>
      desk.downloads.list()[0]?.sources.filter(({ chunksHeld }) => chunksHeld > 0).length ?? 0;
    await desk.clock.advanceAsync(500);
    const counts = [count()];
    await desk.clock.advanceAsync(1_500);
    counts.push(count());
    for (let number = 0; number < 30; number++) {
      const { holder } = desk.network.peer(1_000).has(FILE);
      desk.downloads.addSource(FILE, { ...holder, near: true });
    }
    await desk.clock.advanceAsync(1_000);
    counts.push(count());
    await desk.close();
    return counts;
  }

  test('12 are dialled at first, 27 when few have dialled us, and 40 are linked in all', async () => {
    expect(await connected(60)).toEqual([12, 27, 40]);
  });

  test('a tracker that names thousands fills no memory', async () => {
    const desk = new Desk();
    const holders = Array.from({ length: 1_000 }, () => desk.network.peer());
    desk.downloads.add(desk.wish(4 * MIB, holders));
    expect(desk.downloads.list()[0]?.sources).toHaveLength(400);
    await desk.close();
  });
});

import { expect, test } from 'vitest';
import { Desk, FILE } from './desk.ts';
import { type FakePeer, MIB } from './FakePeer.ts';

/** A download of 20 s with one source, that is gone after 5 s. */
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
  [2_000, 3_600],
  [3_000, 3_600],
  [6_000, 6_600],
  [12_000, 15_600],
  [20_000, 25_600],
])('a source that is back after %d ms gives again by %d ms', async (awayMs, byMs) => {
  const { desk, peer } = await bereft();
  await desk.clock.advanceAsync(awayMs);
  expect(reason(desk)).toMatch(/^waiting for peer 1 to return, again in \d+ s$/);
  peer.reachable = true;
  await desk.clock.advanceAsync(byMs - awayMs);
  expect(reason(desk)).not.toMatch(/return/);
  expect(desk.downloads.list()[0]?.sources[0]?.state).toBe('active');
  await desk.close();
});

test('a source that is named at another address, or comes to us, is tried at once', async () => {
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

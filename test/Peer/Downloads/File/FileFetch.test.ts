import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { Desk } from '../Desk.ts';
import { MIB } from '../FakePeer.ts';

test.each(seeds(60))(
  'with one good source among bad ones the file is right, no honest source is blamed, few bytes are fetched twice (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const desk = new Desk(seed);
    const good = desk.network.peer(10e6);
    const others = Array.from({ length: random.int(1, 6) }, () => desk.network.peer(random.int(1e5, 2e7)));
    const size = random.int(1, 80) * MIB + random.int(0, MIB);
    const liars = others.filter(() => random.chance(0.3));
    for (const liar of liars) liar.lies = (chunk) => chunk % random.int(1, 3) === 0;
    desk.downloads.add(desk.wish(size, random.shuffle([good, ...others])));
    for (const other of others) {
      desk.clock.after(random.int(0, 8_000), () => {
        const fate = random.int(0, 4);
        if (fate === 0) other.vanish();
        if (fate === 1) other.stalled = true;
        if (fate === 2) other.bytesPerSecond /= 100;
        if (fate === 3) other.refuses = 'changed';
      });
    }
    const status = await desk.end();

    expect(status).toMatchObject({ state: 'done', bytes: size });
    const guilty = new Set(liars.map(({ holder }) => holder.name));
    for (const line of desk.blamed) expect(guilty).toContain(line.replace(/ \w+$/, ''));
    // Time of the good source alone; bad sources may add little.
    const aloneMs = (size / 10e6) * 1_000;
    expect(status.tookMs).toBeLessThan(aloneMs * 1.1 + 2_000);
    await desk.close();
  },
);

test.each([
  [MIB, 0],
  [MIB + 1, 1],
])('a file of %i bytes is announced %i times while it is partial', async (size, times) => {
  const desk = new Desk();
  let announced = 0;
  desk.downloads.on('partialStarted', () => announced++);
  desk.downloads.add(desk.wish(size, [desk.network.peer()]));
  expect(await desk.end()).toMatchObject({ state: 'done' });
  expect(announced).toBe(times);
  await desk.close();
});

test('of four sources one stalls at 95 %, one lies, one drops to 1 %: hardly slower than the good ones alone', async () => {
  const desk = new Desk();
  const peers = [1, 2, 3, 4].map(() => desk.network.peer(10e6));
  const [stalls, liar, slow] = peers;
  const size = 1_024 * MIB;
  if (liar !== undefined) liar.lies = () => true;
  desk.downloads.add(desk.wish(size, peers));
  await desk.clock.advanceAsync(2_000);
  if (slow !== undefined) slow.bytesPerSecond = 1e5;
  while ((desk.downloads.list()[0]?.bytes ?? 0) < 0.95 * size) await desk.clock.advanceAsync(100);
  if (stalls !== undefined) stalls.stalled = true;
  const status = await desk.end();
  expect(status.tookMs).toBeLessThan((size / 20e6) * 1_000 * 1.1);
  expect(desk.blamed).toEqual(['peer 2 distrusted']);
  expect(status.wastedBytes).toBeLessThan(size * 0.02);
  await desk.close();
});

test.each([
  ['5 bytes', 5, 3 * MIB + 17],
  ['no bytes', 0, 3 * MIB + 17],
  ['16 TiB', 2 ** 44, 5],
  ['a chunk more', 4 * MIB, 3 * MIB],
])('a file falsely listed with %s is fetched in its true size', async (_, claimed, size) => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const wish = desk.wish(size, [peer]);
  desk.downloads.add({ ...wish, size: claimed });
  expect(await desk.end()).toMatchObject({ state: 'done', size, bytes: size });
  expect(desk.blamed).toEqual([]);
  await desk.close();
});

test('peers that never send the chunk list delay a download by seconds only, if another peer sends it', async () => {
  const desk = new Desk();
  const peers = Array.from({ length: 4 }, () => desk.network.peer());
  for (const peer of peers.slice(0, 2)) peer.mute = true;
  desk.downloads.add(desk.wish(3 * MIB, peers));
  expect((await desk.end()).tookMs).toBeLessThan(6_000);
  await desk.close();
});

test('at most three peers are asked for the chunk list at once, and each of many gets its turn', async () => {
  const desk = new Desk();
  const peers = Array.from({ length: 10 }, () => desk.network.peer());
  let asking = 0;
  let most = 0;
  for (const peer of peers.slice(0, 9)) {
    Object.defineProperty(peer, 'mute', {
      get: () => {
        most = Math.max(most, ++asking);
        desk.clock.after(59_999, () => asking--); // Given up after a minute.
        return true;
      },
    });
  }
  desk.downloads.add(desk.wish(3 * MIB, peers));
  expect(await desk.end()).toMatchObject({ state: 'done' });
  expect(most).toBe(3);
  await desk.close();
});

test('a file that another download fetches is pending, and fetched within a second of the end of that one', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  const wish = desk.wish(20 * MIB, [peer]);
  desk.downloads.add(wish);
  await desk.clock.advanceAsync(1_000);
  desk.downloads.addFolder({ path: 'films/', files: [{ ...wish, path: 'films/film.mkv' }] });
  await desk.clock.advanceAsync(3_000);
  expect(desk.downloads.list().map(({ bytes }) => bytes > 0)).toEqual([true, false]);
  await desk.clock.settle(desk.downloads.cancel(1));
  await desk.clock.advanceAsync(3_000);
  expect(desk.downloads.list().at(-1)?.bytes).toBeGreaterThan(0);
  await desk.close();
});

test('a file that lies under the name its user gave it (-o NAME) has no changed name', async () => {
  const delivered = { find: async () => '/films/evening.mkv' };
  const desk = new Desk(1, { delivered } as never);
  desk.downloads.add(desk.wish(3 * MIB, [desk.network.peer()]));
  expect(await desk.end()).toMatchObject({ state: 'done', finalPath: '/films/evening.mkv', renamed: 0 });
  await desk.close();
});

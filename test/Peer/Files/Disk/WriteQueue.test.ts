import { closeSync, openSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WriteQueue } from '../../../../Peer/Files/Disk/WriteQueue.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

test.each(seeds(20))('many writes at once end as if made one by one (seed %i)', async (seed) => {
  const random = new SeededRandom(seed);
  const folder = await TempFolder.forTest();
  const path = folder.at('file');
  const fd = openSync(path, 'wx+');
  const queue = new WriteQueue(fd);
  const expected = Buffer.alloc(200_000);
  const writes: Promise<void>[] = [];
  const ends = [0, 50_000, 100_000];
  for (let count = 0; count < 60; count++) {
    // Most continue at the end of an earlier one; the others may overwrite bytes.
    const at = random.chance(0.3) ? random.int(0, 150_000) : (ends[random.int(0, 2)] ?? 0);
    const bytes = random.bytes(random.int(1, 40_000));
    expected.set(bytes, at);
    writes.push(queue.write(bytes, at));
    ends[random.int(0, 2)] = Math.min(150_000, at + bytes.length);
  }
  await Promise.all(writes);
  closeSync(fd);
  const written = readFileSync(path);
  expect(written.equals(expected.subarray(0, written.length))).toBe(true);
  expect(expected.subarray(written.length).every((byte) => byte === 0)).toBe(true);
});

test('interleaved writes of several sources are grouped by source', async () => {
  const folder = await TempFolder.forTest();
  const fd = openSync(folder.at('file'), 'wx+');
  const queue = new WriteQueue(fd);
  const written: string[] = [];
  const places = { alone: 9_000, a1: 0, b1: 1_000, a2: 100, b2: 1_100, a3: 200 };
  const writes = Object.entries(places).map(([name, at]) =>
    queue.write(Buffer.alloc(100), at).then(() => written.push(name)),
  );
  await Promise.all(writes);
  closeSync(fd);
  expect(written).toEqual(['alone', 'a1', 'a2', 'a3', 'b1', 'b2']);
});

test('eight writes of a source are made at once, then another one gets its turn', async () => {
  const folder = await TempFolder.forTest();
  const fd = openSync(folder.at('file'), 'wx+');
  const queue = new WriteQueue(fd);
  const written: string[] = [];
  const write = (name: string, at: number) =>
    queue.write(Buffer.alloc(10), at).then(() => written.push(name));
  const writes = [write('first', 9_000), write('a', 0), write('b', 1_000)];
  for (let at = 10; at < 100; at += 10) writes.push(write('a', at));
  await Promise.all(writes);
  closeSync(fd);
  expect(written.join('')).toBe('firstaaaaaaaabaa');
});

test('a failed call rejects every write in it, and later writes are tried', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('file');
  closeSync(openSync(path, 'wx'));
  const fd = openSync(path, 'r');
  const queue = new WriteQueue(fd);
  const outcomes = await Promise.allSettled([
    queue.write(Buffer.alloc(10), 0),
    queue.write(Buffer.alloc(10), 10),
    queue.write(Buffer.alloc(10), 20),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(queue.write(Buffer.alloc(1), 0)).rejects.toMatchObject({ code: 'EBADF' });
  closeSync(fd);
});

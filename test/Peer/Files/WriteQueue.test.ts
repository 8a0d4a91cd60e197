import { closeSync, openSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WriteQueue } from '../../../Peer/Files/WriteQueue.ts';
import { SeededRandom } from '../../Support/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test.each(seeds(5))('many writes at once end as if made one by one (seed %i)', async (seed) => {
  const random = new SeededRandom(seed);
  const folder = await TempFolder.forTest();
  const path = folder.at('file');
  const fd = openSync(path, 'wx+');
  const queue = new WriteQueue(fd);
  const expected = Buffer.alloc(200_000);
  const writes: Promise<void>[] = [];
  let at = 0;
  for (let count = 0; count < 60; count++) {
    // Two of three go on where the one before ended; the others may overwrite what was there.
    if (at > 150_000 || random.chance(0.3)) at = random.int(0, 150_000);
    const bytes = random.bytes(random.int(1, 40_000));
    expected.set(bytes, at);
    writes.push(queue.write(bytes, at));
    at += bytes.length;
  }
  await Promise.all(writes);
  closeSync(fd);
  const written = readFileSync(path);
  expect(written.equals(expected.subarray(0, written.length))).toBe(true);
  expect(expected.subarray(written.length).every((byte) => byte === 0)).toBe(true);
});

test('a failure reaches everybody whose bytes were in that call, and later writes are tried', async () => {
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

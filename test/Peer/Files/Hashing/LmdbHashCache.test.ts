import { stat, truncate } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { openLmdbHashCache } from '../../../../Peer/Files/Hashing/LmdbHashCache.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const random = new SeededRandom(5);
const warnings: string[] = [];
const log = { warn: (text: string) => warnings.push(text), info: () => {}, debug: () => {} };

function hashedFile(n: number) {
  const state = fileState({
    dev: 1n,
    ino: BigInt(n),
    size: BigInt(n * 100),
    mtimeNs: 5_000_000_123n,
    ctimeNs: 7_000_000_000n,
  });
  return { state: { ...state, touchedMs: state.modifiedMs }, fileId: random.hex(32) as FileId };
}

async function open(folder: TempFolder) {
  warnings.length = 0;
  const cache = openLmdbHashCache(folder.at('cache'), log);
  if (cache === undefined) throw new Error('no cache');
  return cache;
}

async function loaded(cache: Awaited<ReturnType<typeof open>>, root: string) {
  const found = new Map();
  for await (const [path, file] of cache.load(root)) found.set(path, file);
  return found;
}

test('an entry is found at once and after a restart, under its own root only', async () => {
  const folder = await TempFolder.forTest();
  const cache = await open(folder);
  const files = Array.from({ length: 5_000 }, (_, n) => hashedFile(n));
  for (const [n, file] of files.entries()) cache.put('/one', `d/ü ${n}`, file, random.bytes(32 * (n % 4)));
  cache.put('/two', 'd/x', hashedFile(1), random.bytes(32));
  cache.remove('/one', 'd/ü 4999');
  expect(cache.hashes('/one', 'd/ü 7')).toHaveLength(96);
  expect(cache.hashes('/one', 'd/ü 4999')).toBeUndefined();
  await cache.close();

  const again = await open(folder);
  const one = await loaded(again, '/one');
  expect(one.size).toBe(4_999);
  expect(one.get('d/ü 1234')).toEqual(files[1_234]);
  expect([...(await loaded(again, '/two')).keys()]).toEqual(['d/x']);
  expect([1, 2, 3].map((n) => again.hashes('/one', `d/ü ${n}`)?.length)).toEqual([32, 64, 96]);
  expect(again.hashes('/one', 'nowhere')).toBeUndefined();
  await again.close();
  expect(warnings).toEqual([]);
});

test('a truncated database is moved aside, not mapped', async () => {
  const folder = await TempFolder.forTest();
  const cache = await open(folder);
  for (let n = 0; n < 5_000; n++) cache.put('/one', `${n}`, hashedFile(n), random.bytes(64));
  await cache.close();
  const path = folder.at('cache/hashes-v1.mdb');
  await truncate(path, (await stat(path)).size >> 1);
  const again = await open(folder);
  expect(warnings.join()).toContain('truncated');
  expect((await loaded(again, '/one')).size).toBe(0);
  again.put('/one', 'x', hashedFile(1), random.bytes(32));
  await again.close();
  const third = await open(folder);
  expect((await loaded(third, '/one')).size).toBe(1);
  await third.close();
});

test('an empty file has an empty list of hashes', async () => {
  const folder = await TempFolder.forTest();
  const cache = await open(folder);
  cache.put('/one', 'empty', hashedFile(0), new Uint8Array(0));
  await cache.close();
  const again = await open(folder);
  expect(again.hashes('/one', 'empty')).toHaveLength(0);
  await again.close();
});

test('a database is moved aside when a process died reading it, not while one is alive', async () => {
  const folder = await TempFolder.forTest();
  const cache = await open(folder);
  cache.put('/one', 'x', hashedFile(1), random.bytes(32));
  await cache.close();
  await folder.write(`cache/hashes-v1.mdb.opening-${process.ppid}`, '');
  const second = await open(folder);
  expect((await loaded(second, '/one')).size).toBe(1);
  await second.close();
  // No process has a number this large.
  await folder.write('cache/hashes-v1.mdb.opening-99999999', '');
  const third = await open(folder);
  expect(warnings.join()).toContain('crashed');
  expect((await loaded(third, '/one')).size).toBe(0);
  await third.close();
});

test('an entry put again while the earlier one is being written is not lost', async () => {
  const folder = await TempFolder.forTest();
  const cache = await open(folder);
  cache.put('/one', 'x', hashedFile(1), random.bytes(32));
  const closing = cache.close();
  const later = hashedFile(2);
  cache.put('/one', 'x', later, random.bytes(64));
  await closing;
  const again = await open(folder);
  expect((await loaded(again, '/one')).get('x')).toEqual(later);
  expect(again.hashes('/one', 'x')).toHaveLength(64);
  await again.close();
});

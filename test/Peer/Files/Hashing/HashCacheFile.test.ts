import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { MemoryHashCache, renameKeys } from '../../../../Peer/Files/Hashing/HashCache.ts';
import { HashCacheFile } from '../../../../Peer/Files/Hashing/HashCacheFile.ts';
import { encodeRecord, pathOf } from '../../../../Peer/Files/Hashing/HashRecord.ts';
import { openHashCache } from '../../../../Peer/Files/Hashing/OpenHashCache.ts';
import { RecordFile } from '../../../../Peer/Files/Hashing/RecordFile.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { title, tmpfs } from '../../../Support/Requires.ts';
import { seeds } from '../../../Support/seeds.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const MOUNTS = tmpfs();
const random = new SeededRandom(5);

function hashedFile(n: number) {
  const times = { mtimeNs: 5_000_000_123n, ctimeNs: 7_000_000_000n };
  const state = fileState({ dev: 1n, ino: BigInt(n), size: BigInt(n * 100), ...times });
  return { state, fileId: random.hex(32) as FileId };
}

function entryOf(n: number) {
  return { file: hashedFile(n), hashes: random.bytes(64) };
}

/** The cache file of a folder, which can be reopened. */
async function desk() {
  const folder = await TempFolder.forTest();
  const path = folder.at('cache', 'hashes.log');
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text), info: () => {}, debug: () => {} };
  const open = async () => {
    const cache = new HashCacheFile(path, log);
    const files = new Map();
    for await (const records of cache.load())
      for (const record of records) {
        if ('from' in record) renameKeys(files, record);
        else if (record.file === undefined) files.delete(record.path);
        else files.set(record.path, record.file);
      }
    return { cache, files };
  };
  /** Stores entries `0` to `count - 1` of two chunks each. */
  const stored = async (count: number) => {
    const { cache } = await open();
    const entries = Array.from({ length: count }, (_, n) => [hashedFile(n), random.bytes(64)] as const);
    for (const [n, [file, hashes]] of entries.entries()) cache.put(`${n}`, file, hashes);
    await cache.close();
    return entries;
  };
  return { folder, path, log, warnings, open, stored };
}

test.skipIf(process.platform === 'win32')('only this user can list or change the folder', async () => {
  const { folder, stored } = await desk();
  await stored(1);
  expect((await stat(folder.at('cache'))).mode & 0o777).toBe(0o700);
});

test('an entry is found at once and after a restart, a removed one is not', async () => {
  const { warnings, open } = await desk();
  const { cache } = await open();
  const files = Array.from({ length: 5_000 }, (_, n) => hashedFile(n));
  for (const [n, file] of files.entries()) cache.put(`d/ü\n "${n}`, file, random.bytes(32 * (n % 4)));
  cache.remove('d/ü\n "4999');
  expect(cache.hashes('d/ü\n "7')).toHaveLength(96);
  expect(cache.hashes('d/ü\n "4999')).toBeUndefined();
  await cache.close();

  const again = await open();
  expect(again.files.size).toBe(4_999);
  expect(again.files.get('d/ü\n "1234')).toEqual(files[1_234]);
  expect([0, 1, 2, 3].map((n) => again.cache.hashes(`d/ü\n "${n}`)?.length)).toEqual([0, 32, 64, 96]);
  expect(again.cache.hashes('nowhere')).toBeUndefined();
  await again.cache.close();
  expect(warnings).toEqual([]);
});

test('entries of a renamed folder are found under their new paths, at once and after a restart', async () => {
  const { warnings, open } = await desk();
  const { cache } = await open();
  const [written, pending, later] = [entryOf(1), entryOf(2), entryOf(3)];
  cache.put('new/a', written.file, written.hashes);
  cache.put('newer', written.file, written.hashes);
  cache.put('new/gone', written.file, written.hashes);
  await cache.close();
  const second = (await open()).cache;
  second.put('new/b', pending.file, pending.hashes);
  second.remove('new/gone');
  second.renameFolder({ from: 'new', to: 'old' });
  second.put('new/c', later.file, later.hashes);
  const expected = new Map([
    ['new/a', undefined],
    ['new/b', undefined],
    ['new/c', later],
    ['newer', written],
    ['old/a', written],
    ['old/b', pending],
    ['old/c', undefined],
    ['old/gone', undefined],
  ]);
  for (const [path, entry] of expected)
    expect(second.hashes(path)?.toString(), path).toBe(entry?.hashes.toString());
  await second.close();
  const third = await open();
  for (const [path, entry] of expected) {
    expect(third.cache.hashes(path)?.join(), path).toBe(entry?.hashes.join());
    expect(third.files.get(path), path).toEqual(entry?.file);
  }
  await third.cache.close();
  expect(warnings).toEqual([]);
});

test('a thousand entries are written at once', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { open, path } = await desk();
  const { cache } = await open();
  const { file, hashes } = entryOf(1);
  for (let n = 0; n < 999; n++) cache.put(`${n}`, file, hashes);
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(statSync(path).size).toBe(0);
  cache.put('last', file, hashes);
  while (statSync(path).size === 0) await new Promise((resolve) => setImmediate(resolve));
  await cache.close();
});

test('a folder that is renamed during a write is found after a restart', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { open } = await desk();
  const { cache } = await open();
  const [entry, removed] = [entryOf(1), entryOf(2)];
  cache.put('new/a', entry.file, entry.hashes);
  cache.put('new/gone', removed.file, removed.hashes);
  vi.advanceTimersByTime(2_000);
  await Promise.resolve(); // The write has begun.
  cache.renameFolder({ from: 'new', to: 'old' });
  cache.remove('old/gone');
  await cache.close();
  const again = await open();
  expect([...again.files]).toEqual([['old/a', entry.file]]);
  expect(again.cache.hashes('old/a')?.join()).toBe(entry.hashes.join());
  await again.cache.close();
});

test.each(seeds(30))(
  'after any changes and restarts it holds what a map would hold (seed %i)',
  async (seed) => {
    const chance = new SeededRandom(seed);
    const { open } = await desk();
    const model = new MemoryHashCache();
    const files = new Map<string, unknown>();
    const folders = ['0'];
    for (let run = 0; run < 6; run++) {
      const opened = await open();
      const { cache } = opened;
      const paths = () => folders.flatMap((folder) => ['1', '2', 'a/3'].map((name) => `${folder}/${name}`));
      const compare = () => {
        for (const path of paths()) expect(cache.hashes(path)?.join(), path).toBe(model.hashes(path)?.join());
      };
      expect(opened.files).toEqual(files);
      compare();
      for (let step = 0; step < 40; step++) {
        const path = chance.pick(paths());
        const kind = chance.int(0, run === 3 ? 39 : 7);
        if (kind === 0) {
          const rename = { from: chance.pick(folders), to: `${folders.length}` };
          folders.push(rename.to);
          for (const each of [cache, model]) each.renameFolder(rename);
          renameKeys(files, rename);
        } else if (kind === 1) {
          for (const each of [cache, model]) each.remove(path);
          files.delete(path);
        } else {
          const { file, hashes } = entryOf(step);
          for (const each of [cache, model]) each.put(path, file, hashes);
          files.set(path, file);
        }
      }
      compare();
      await cache.close();
    }
  },
);

test('a folder that is renamed during compaction is found at once and after a restart', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { open } = await desk();
  const { cache } = await open();
  const { file, hashes } = entryOf(1);
  cache.put('0/a', file, hashes);
  for (let n = 0; n < 65; n++) cache.renameFolder({ from: `${n}`, to: `${n + 1}` });
  const { append } = RecordFile.prototype;
  const renamed = new Promise<void>((resolve) => {
    let isSecond = false; // The compacted copy is the second file that is written.
    const spy = vi.spyOn(RecordFile.prototype, 'append').mockImplementation(function (
      this: RecordFile,
      records,
    ) {
      if (isSecond) {
        spy.mockRestore();
        cache.renameFolder({ from: '65', to: 'end' });
        resolve();
      }
      isSecond = true;
      return append.call(this, records);
    });
  });
  vi.advanceTimersByTime(2_000);
  await renamed;
  for (let turn = 0; turn < 500; turn++) {
    await new Promise(setImmediate);
    expect(cache.hashes('end/a')?.join()).toBe(hashes.join());
  }
  await cache.close();
  const again = await open();
  expect([[...again.files.keys()], again.cache.hashes('end/a')?.join()]).toEqual([['end/a'], hashes.join()]);
  await again.cache.close();
});

test('after 64 renames the file is compacted, without them', async () => {
  const { path, open } = await desk();
  const { cache } = await open();
  const { file, hashes } = entryOf(1);
  cache.put('0/a', file, hashes);
  for (let n = 0; n < 65; n++) cache.renameFolder({ from: `${n}`, to: `${n + 1}` });
  await cache.close();
  const kept = await RecordFile.open(path, 'read');
  const paths: string[] = [];
  for await (const { records } of kept.records()) paths.push(...records.map(({ record }) => pathOf(record)));
  await kept.close();
  expect(paths).toEqual(['65/a']);
  const again = await open();
  expect([[...again.files.keys()], again.cache.hashes('65/a')?.join()]).toEqual([['65/a'], hashes.join()]);
  await again.cache.close();
});

test('a cut file keeps the records before the cut, and takes new ones', async () => {
  const { path, warnings, open, stored } = await desk();
  const entries = await stored(100);
  await truncate(path, (await stat(path)).size - 40);
  const { cache, files } = await open();
  expect(warnings).toEqual([expect.stringContaining('damaged')]);
  expect([files.size, files.get('98'), files.get('99')]).toEqual([99, entries[98]?.[0], undefined]);
  cache.put('99', ...(entries[99] ?? expect.unreachable()));
  await cache.close();
  const again = await open();
  expect([again.files.size, again.cache.hashes('99')?.length]).toEqual([100, 64]);
  await again.cache.close();
  expect(warnings).toHaveLength(1); // The damaged record is gone.
});

test('a file cut to every length loads only what is whole', async () => {
  const { path, open, stored } = await desk();
  const entries = await stored(3);
  const whole = await readFile(path);
  for (let length = 0; length < whole.length; length += 7) {
    await writeFile(path, whole.subarray(0, length));
    const { cache, files } = await open();
    for (const [name, file] of files) expect(file).toEqual(entries[Number(name)]?.[0]);
    await cache.close();
  }
});

test('a changed byte costs the one record it is in', async () => {
  const { path, warnings, open, stored } = await desk();
  await stored(100);
  const bytes = await readFile(path);
  const at = bytes.length >> 1;
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  await writeFile(path, bytes);
  const { cache, files } = await open();
  expect(files.size).toBe(99);
  expect(warnings).toHaveLength(1);
  await cache.close();
});

test('hashes beyond the end of a file that was cut while open are missing, and can be stored again', async () => {
  const { path, open, stored } = await desk();
  const [[file, hashes] = expect.unreachable()] = await stored(10);
  const { cache } = await open();
  await truncate(path, 0);
  expect(cache.hashes('0')).toBeUndefined();
  cache.put('0', file, hashes);
  await cache.close();
  const again = await open();
  expect([...again.files.keys()]).toEqual(['0']);
  await again.cache.close();
});

test('entries that cannot be written are served from memory, with one warning, and written when there is room', async () => {
  const { folder, warnings, open } = await desk();
  await folder.write('cache', 'a file in place of the folder');
  const { cache } = await open();
  for (let n = 0; n < 10; n++) cache.put(`${n}`, hashedFile(n), random.bytes(64));
  expect(cache.hashes('3')).toHaveLength(64);
  expect(warnings).toEqual([expect.stringContaining('cannot be written')]);
  await rm(folder.at('cache'));
  await cache.close();
  const again = await open();
  expect(again.files.size).toBe(10);
  await again.cache.close();
  expect(warnings).toHaveLength(1);
});

test('a failed write is tried again after 30 s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { folder, path, log, open } = await desk();
  await folder.write('cache', 'a file in place of the folder');
  const { cache } = await open();
  const failedAgain = vi.spyOn(log, 'debug');
  cache.put('0', hashedFile(0), random.bytes(64));
  vi.advanceTimersByTime(2_000);
  while (failedAgain.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await rm(folder.at('cache'));
  vi.advanceTimersByTime(29_999);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1);
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
  await cache.close();
});

test('the file is compacted when most of it is outdated', async () => {
  const { path, open, stored } = await desk();
  const entries = await stored(10);
  const { cache } = await open();
  const [file, hashes] = entries[0] ?? expect.unreachable();
  for (let round = 0; round < 3_000; round++) cache.put(`gone ${round}`, file, hashes);
  for (let round = 0; round < 3_000; round++) cache.remove(`gone ${round}`);
  await cache.close();
  const again = await open();
  expect(again.files.size).toBe(10);
  expect(again.cache.hashes('9')).toEqual(Buffer.from(entries[9]?.[1] ?? []));
  await again.cache.close();
  expect((await stat(path)).size).toBeLessThan(10_000);
});

test('the file is compacted when its outdated records are few, but 16 MiB', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { path, open } = await desk();
  const { cache } = await open();
  const { ino } = await stat(path);
  const { file } = entryOf(1);
  const hashes = random.bytes(32 * 16_000);
  const isAnew = async () => (await stat(path)).ino !== ino;
  for (let round = 1; round <= 40 && !(await isAnew()); round++) {
    cache.put('film', file, hashes);
    vi.advanceTimersByTime(2_000);
    while ((await stat(path)).size < round * hashes.length && !(await isAnew()));
  }
  // One write more than the limit.
  expect(await isAnew()).toBe(true);
  await cache.close();
});

test('a file that only grew is not written anew: nothing in it is outdated', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { path, open } = await desk();
  const { cache } = await open();
  const { ino } = await stat(path);
  const { file } = entryOf(1);
  const written = async (bytes: number) => {
    vi.advanceTimersByTime(2_000);
    while ((await stat(path)).size < bytes);
  };
  let bytes = 36 * 32 * 16_000;
  for (let n = 0; n < 36; n++) cache.put(`${n}`, file, random.bytes(32 * 16_000));
  await written(bytes);
  // Later ones are written after what the first ones cause.
  for (const name of ['a', 'b', 'c']) {
    await new Promise((resolve) => setImmediate(resolve));
    cache.put(name, file, random.bytes(32 * 1_000));
    bytes += 32 * 1_000;
    await written(bytes);
  }
  expect((await stat(path)).ino).toBe(ino);
  await cache.close();
});

test('closing does not wait until a large file is written anew; a small one is', async () => {
  const { path, open } = await desk();
  const { file } = entryOf(1);
  for (const [chunks, expected] of [
    [60, 'anew'],
    [6_000, 'kept'],
  ] as const) {
    await rm(path, { force: true });
    const { cache } = await open();
    const { ino } = await stat(path);
    for (let n = 0; n < 11; n++) cache.put(`${n}`, file, random.bytes(32 * chunks));
    for (let n = 0; n < 65; n++) cache.renameFolder({ from: `${n}`, to: `${n + 1}` });
    await cache.close();
    expect((await stat(path)).ino === ino ? 'kept' : 'anew').toBe(expected);
  }
});

test('reading a file may end early: what was not read is kept', async () => {
  const { path, log, open, stored } = await desk();
  await stored(3_000);
  const cache = new HashCacheFile(path, log);
  for await (const _ of cache.load()) break;
  const { file, hashes } = entryOf(1);
  for (let n = 0; n < 65; n++) cache.renameFolder({ from: `${n}`, to: `${n + 1}` });
  cache.put('new', file, hashes);
  await cache.close();
  const again = await open();
  expect(again.files.size).toBe(3_001);
  await again.cache.close();
});

test('records of a second process with the same file damage no others', async () => {
  const { path, open, stored } = await desk();
  await stored(10);
  const { cache } = await open();
  await appendFile(path, 'of another process\n');
  cache.put('10', hashedFile(10), random.bytes(64));
  expect(cache.hashes('5')).toHaveLength(64);
  await cache.close();
  const again = await open();
  expect(again.files.size).toBe(11);
  await again.cache.close();
});

test('an entry put again while the earlier one is being written is not lost', async () => {
  const { open } = await desk();
  const { cache } = await open();
  cache.put('x', hashedFile(1), random.bytes(32));
  for (let n = 0; n < 50; n++) await new Promise(setImmediate); // The check after the load is over.
  const closing = cache.close();
  for (let n = 0; n < 10; n++) await Promise.resolve(); // The write has begun.
  const later = hashedFile(2);
  cache.put('x', later, random.bytes(64));
  await closing;
  const again = await open();
  expect(again.files.get('x')).toEqual(later);
  expect(again.cache.hashes('x')).toHaveLength(64);
  await again.cache.close();
});

test('a record of another path at the same position is not used', async () => {
  const { path, open, stored } = await desk();
  await stored(1);
  const { cache } = await open();
  await writeFile(path, encodeRecord('other', entryOf(1)));
  expect(cache.hashes('0')).toBeUndefined();
  await cache.close();
});

test('records after damage of any length are found, across reads', async () => {
  const folder = await TempFolder.forTest();
  // The longest is longer than two reads of 256 KiB.
  const good = [1, 20_000, 3, 2].map((hashes, n) =>
    encodeRecord(`${n}`, { file: hashedFile(n), hashes: random.bytes(32 * hashes) }),
  );
  const cut = good[0]?.subarray(0, -1) ?? expect.unreachable();
  for (const length of [0, 1, 3, 15, 16, 300_000]) {
    const bad = Buffer.concat([random.bytes(length), cut]);
    const path = await folder.write('records', Buffer.concat(good.flatMap((record) => [bad, record])));
    const file = await RecordFile.open(path, 'append');
    const found: Buffer[] = [];
    let damaged = 0;
    for await (const read of file.records()) {
      damaged += read.damaged;
      for (const { at, record } of read.records) {
        expect(file.recordAt(at)?.equals(record)).toBe(true);
        found.push(Buffer.from(record));
      }
    }
    await file.close();
    expect(found.map((record) => good.findIndex((each) => each.equals(record)))).toEqual([0, 1, 2, 3]);
    expect(damaged).toBeGreaterThanOrEqual(4);
  }
});

test('an intact file is read without damage, wherever its reads end', async () => {
  const { warnings, open, stored } = await desk();
  await stored(9_000);
  const { cache, files } = await open();
  expect([files.size, warnings]).toEqual([9_000, []]);
  await cache.close();
});

test('each share has a file of its own; those of earlier versions and unused shares are removed', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('cache'));
  const { warn } = console;
  const log = { warn, info: () => {}, debug: () => {} };
  for (const share of ['/one', '/two']) {
    const cache = await openHashCache(folder.at('cache'), share, log);
    for await (const records of cache.load()) expect(records).toEqual([]);
    await cache.close();
  }
  const [one = '', two = ''] = await readdir(folder.at('cache'));
  await folder.write('cache/hashes-v1.mdb', 'x');
  await folder.write('cache/hashes-v1.mdb-lock', 'x');
  await folder.write('cache/mine.txt', 'x');
  const longAgo = Date.now() / 1_000 - 366 * 24 * 3_600;
  for (const name of [one, 'mine.txt']) await utimes(folder.at('cache', name), longAgo, longAgo);
  await openHashCache(folder.at('cache'), '/three', log);
  expect((await readdir(folder.at('cache'))).sort()).toEqual([two, 'mine.txt'].sort());
});

test.skipIf(MOUNTS)(
  title('on a full disk entries stay in memory, and are written when there is room', MOUNTS),
  async () => {
    const { folder, warnings, open, stored } = await desk();
    const disk = await folder.inside('cache');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk.path]);
    onTestFinished(() => void execFileSync('umount', ['-l', disk.path]));
    await stored(100);
    await writeFile(disk.at('fill'), Buffer.alloc(256 * 1_024)).catch(() => {});
    const { cache, files } = await open();
    expect(files.size).toBe(100);
    const entries = Array.from(
      { length: 300 },
      (_, n) => [`new ${n}`, hashedFile(n), random.bytes(64)] as const,
    );
    for (const entry of entries) cache.put(...entry);
    await cache.close();
    expect(warnings).toEqual([expect.stringContaining('ENOSPC')]);
    expect(cache.hashes('new 299')).toHaveLength(64);
    const again = await open();
    expect(again.files.size).toBeGreaterThanOrEqual(100);
    for (const entry of entries) again.cache.put(...entry);
    await rm(disk.at('fill'));
    await again.cache.close();
    const third = await open();
    expect(third.files.size).toBe(400);
    await third.cache.close();
  },
);

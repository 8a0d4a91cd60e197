import { expect, test } from 'vitest';
import { encodeFolder } from '../../../../Peer/Files/Parts/FolderCodec.ts';
import { FolderStore } from '../../../../Peer/Files/Parts/FolderStore.ts';
import { readRecords } from '../../../../Peer/Files/Parts/JournalRecords.ts';
import type { KeptFolder } from '../../../../Peer/Storage.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { PATH_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { seeds } from '../../../Support/seeds.ts';

const KEY = 'a'.repeat(64);

function records(disk: MemoryDisk) {
  if (disk.kindOf('/share') === undefined) disk.putFolder('/share');
  const problems: string[] = [];
  const store = new FolderStore({ disk, temp: '/share/Temp', problem: (text) => problems.push(text) });
  const folders = {
    keep: (folder: KeptFolder) => store.keep(folder),
    forget: (key: string) => store.forget(key),
    /** The record with its files as arrays. */
    all: async () => (await store.all()).map((folder) => ({ ...folder, files: [...folder.files] })),
  };
  return { folders, problems };
}

function wish(files: number, change: Partial<KeptFolder> = {}): KeptFolder {
  const holders = [1, 2].map((number) => ({
    peerId: `${number}`.repeat(64) as PeerId,
    name: `peer ${number}`,
    address: { host: '127.0.0.1', port: 9_000 + number },
    complete: true,
  }));
  return {
    key: KEY,
    path: 'Films/',
    paused: false,
    files: Array.from({ length: files }, (_, number) => ({
      fileId: number.toString(16).padStart(64, '0') as FileId,
      size: number * 1e6,
      path: `Films/ä ${number}`,
      holders: holders.slice(number % 3),
    })),
    ...change,
  };
}

test.each([0, 1, 3_000])('a folder of %i files is stored, replaced and removed', async (files) => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  await folders.keep(wish(files));
  expect(await records(disk).folders.all()).toEqual([wish(files)]);
  await folders.keep(wish(files, { paused: true }));
  expect(await folders.all()).toEqual([wish(files, { paused: true })]);
  folders.forget(KEY);
  folders.forget(KEY);
  expect(await folders.all()).toEqual([]);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test.each(seeds(20))('a damaged or cut record is reported once and ignored (seed %i)', async (seed) => {
  const random = new SeededRandom(seed);
  const disk = new MemoryDisk({ random });
  const { folders, problems } = records(disk);
  await folders.keep(wish(20));
  const path = `/share/Temp/${KEY}.folder`;
  const bytes = Buffer.from(disk.peek(path) ?? []);
  const at = random.int(0, bytes.length - 1);
  if (random.chance(0.5)) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
  disk.remove(path);
  disk.createWhole(path, bytes.equals(disk.peek(path) ?? bytes) ? bytes.subarray(0, at) : bytes);
  expect(await folders.all()).toEqual([]);
  expect(problems).toHaveLength(1);
  expect(await folders.all()).toEqual([]);
  expect(problems).toHaveLength(1);
});

test.each(seeds(20))(
  'a power cut leaves the old record or the new one, or none before the first (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const disk = new MemoryDisk({ random });
    const { folders } = records(disk);
    await folders.keep(wish(10));
    await disk.syncFolder();
    void folders.keep(wish(10, { paused: true })).catch(() => {});
    for (let turns = random.int(0, 8); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
    const found = await records(disk.powerCut()).folders.all();
    expect(found.map(({ paused, files }) => [typeof paused, files.length])).toEqual([['boolean', 10]]);
  },
);

/** A folder of one file with `count` holders, all complete unless `complete` says otherwise. */
function held(count: number, complete: (index: number) => boolean = () => true): KeptFolder {
  const [file] = [...wish(2).files].slice(1);
  if (file === undefined) throw new Error('no file');
  const holders = Array.from({ length: count }, (_, index) => ({
    peerId: index.toString(16).padStart(64, '0') as PeerId,
    name: `peer ${index}`,
    address: { host: '127.0.0.1', port: 1 + index },
    complete: complete(index),
  }));
  return wish(0, { files: [{ ...file, holders }] });
}

test('of the holders of a file the first eight complete ones are kept', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  await folders.keep(held(30, (index) => index % 2 === 1));
  const [folder] = await folders.all();
  expect(folder?.files[0]?.holders.map(({ name }) => name)).toEqual(
    [1, 3, 5, 7, 9, 11, 13, 15].map((index) => `peer ${index}`),
  );
});

test('of the holders of a folder 255 are kept, and every file knows its own', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  const [file] = [...held(400).files];
  if (file === undefined) throw new Error('no file');
  const files = file.holders.map((holder, index) => ({ ...file, path: `Films/${index}`, holders: [holder] }));
  await folders.keep(wish(0, { files }));
  const [folder] = await folders.all();
  const kept = folder?.files.map(({ holders }) => holders.map(({ name }) => name));
  expect(kept).toEqual(files.map((_, index) => (index < 255 ? [`peer ${index}`] : [])));
});

test('the longest path that a message carries fits, with the suffix that makes it unique', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  const [file] = wish(1).files;
  if (file === undefined) throw new Error('no file');
  const files = [{ ...file, path: `${'p'.repeat(PATH_BYTES_MAX)} (123456789012345678901)` }];
  await folders.keep(wish(0, { files }));
  expect((await folders.all())[0]?.files).toEqual(files);
});

test('a longer path, or a name of more than 64 bytes, is not written', () => {
  const { files: listed, ...folder } = wish(1);
  const files = [...listed];
  const kept = (change: object) => [
    ...encodeFolder({ ...folder, files: files.map((file) => ({ ...file, ...change })) }),
  ];
  const path = 'p'.repeat(PATH_BYTES_MAX + 25);
  expect(() => [...encodeFolder({ ...folder, files, path })]).toThrow(RangeError);
  expect(() => kept({ path })).toThrow(RangeError);
  const [holder] = files[0]?.holders ?? [];
  expect(() => kept({ holders: [{ ...holder, name: 'n'.repeat(65) }] })).toThrow(RangeError);
});

test('a record that was cut between two pages is discarded', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders, problems } = records(disk);
  await folders.keep(wish(3_000));
  const path = `/share/Temp/${KEY}.folder`;
  const bytes = disk.peek(path) ?? Buffer.alloc(0);
  const ends = [...readRecords(bytes, 8)].map(({ endsAt }) => endsAt);
  disk.remove(path);
  disk.createWhole(path, bytes.subarray(0, ends.at(-2)));
  expect(await folders.all()).toEqual([]);
  expect(problems).toHaveLength(1);
});

test.each([
  ['bytes after the last record', Buffer.alloc(20)],
  ['an unreadable record', Buffer.from('x')],
])('a record with %s is discarded', async (_, tail) => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  await folders.keep(wish(2));
  const path = `/share/Temp/${KEY}.folder`;
  const bytes = disk.peek(path) ?? Buffer.alloc(0);
  disk.remove(path);
  disk.createWhole(path, Buffer.concat([bytes, tail]));
  expect(await folders.all()).toEqual([]);
});

test('a file with another magic is discarded, although its pages are intact', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  await folders.keep(wish(2));
  disk.peek(`/share/Temp/${KEY}.folder`)?.write('SHOALF1\n');
  expect(await folders.all()).toEqual([]);
});

test('other files in Temp are neither read nor removed', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders, problems } = records(disk);
  await folders.keep(wish(1));
  for (const name of ['notes.folder', `${KEY}.part`]) disk.createWhole(`/share/Temp/${name}`, Buffer.of(1));
  expect(await folders.all()).toHaveLength(1);
  expect(problems).toEqual([]);
  expect(disk.names('/share/Temp')).toHaveLength(3);
});

test('a leftover of a crash is replaced; a full disk leaves the old record and nothing else', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  await folders.keep(wish(1));
  disk.createWhole(`/share/Temp/${KEY}.new`, Buffer.from('half a rec'));
  await folders.keep(wish(2));
  expect((await folders.all())[0]?.files).toHaveLength(2);
  disk.failAt(3, 'ENOSPC');
  await expect(folders.keep(wish(3))).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect((await folders.all())[0]?.files).toHaveLength(2);
  expect(disk.names('/share/Temp')).toEqual([`${KEY}.folder`]);
});

test('a record is synced when keep() resolves', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const disk = new MemoryDisk({ random: new SeededRandom(seed) });
    await records(disk).folders.keep(wish(3));
    expect(await records(disk.powerCut()).folders.all(), `seed ${seed}`).toEqual([wish(3)]);
  }
});

test('a record that cannot be read is reported and kept', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders, problems } = records(disk);
  await folders.keep(wish(1));
  disk.failAt(1, 'EIO');
  expect(await folders.all()).toEqual([]);
  expect(problems).toEqual(['the record of an unfinished folder download cannot be read (EIO)']);
  expect(await folders.all()).toHaveLength(1);
});

test('a record of many pages is written in pieces, and read again by each iteration', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const { folders } = records(disk);
  const many = wish(5_000);
  await folders.keep(many);
  const store = new FolderStore({ disk, temp: '/share/Temp', problem: () => {} });
  const [kept] = await store.all();
  for (let pass = 0; pass < 2; pass++) expect([...(kept?.files ?? [])]).toEqual([...many.files]);
  expect(kept?.files.length).toBe(5_000);
});

import { expect, test } from 'vitest';
import { FolderStore } from '../../../../Peer/Files/Parts/FolderStore.ts';
import type { KeptFolder } from '../../../../Peer/Storage.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { seeds } from '../../../Support/seeds.ts';

const KEY = 'a'.repeat(64);

function records(disk: MemoryDisk) {
  if (disk.kindOf('/share') === undefined) disk.putFolder('/share');
  const problems: string[] = [];
  const folders = new FolderStore({ disk, temp: '/share/Temp', problem: (text) => problems.push(text) });
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

test.each([0, 1, 3_000])('%i files are kept, changed and forgotten', async (files) => {
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

test.each(seeds(50))(
  'a damaged or cut record is told once and counts for nothing (seed %i)',
  async (seed) => {
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
  },
);

test.each(seeds(50))(
  'a power cut meets the old record, the new one, or none of a first (seed %i)',
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

import { expect, test } from 'vitest';
import type { BatchInstallers } from '../../../../Peer/Files/Batches/BatchInstallers.ts';
import { inlineSmallWriter } from '../../../../Peer/Files/Batches/SmallWriter.ts';
import type { SmallFile } from '../../../../Peer/Storage.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import type { ShoalError } from '../../../../Shared/ShoalError.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { seeds } from '../../../Support/seeds.ts';
import { madeFile, partStore } from '../Parts/parts.ts';

const memoryDisk = (seed = 1, links = true) => new MemoryDisk({ random: new SeededRandom(seed), links });

/** Small files of different content in the layout of a bundle: a byte before each file. */
function batch(paths: readonly string[], salt = 0) {
  const made = paths.map((_, index) => madeFile(100 + index, salt + index));
  const files: SmallFile[] = [];
  let offset = 1;
  for (const [index, path] of paths.entries()) {
    const size = 100 + index;
    const fileId = made[index]?.description.fileId ?? madeFile(0).description.fileId;
    files.push({ row: index, fileId, size, path, offset });
    offset += size + 1;
  }
  const bytes = Buffer.concat(made.flatMap(({ content }) => [Buffer.of(1), content]));
  return { files, bytes, content: (index: number) => made[index]?.content ?? Buffer.alloc(0) };
}

function openInstaller(batches: BatchInstallers, wanted: readonly string[]) {
  const told = { installed: new Map<string, string>(), failed: [] as ShoalError[] };
  const installer = batches.open(wanted, {
    installed: ({ path }, absolute) => told.installed.set(path, absolute),
    failed: (_, reason) => told.failed.push(reason),
  });
  return { installer, told };
}

test('a new folder is installed by one rename, and nothing is left in Temp', async () => {
  const disk = memoryDisk();
  const { batches, told: shared } = partStore(disk);
  const paths = ['new/a', 'new/b', 'new/c'];
  const { files, bytes, content } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  const first = await installer.install(bytes, files.slice(0, 2));
  expect(first.verdicts).toEqual(['right', 'right']);
  expect(told.installed.size).toBe(0);
  expect(disk.kindOf('/share/new')).toBeUndefined();

  await installer.install(first.bytes, files.slice(2));
  expect([...told.installed]).toEqual(paths.map((path) => [path, `/share/${path}`]));
  for (const [index, path] of paths.entries())
    expect(disk.peek(`/share/${path}`)?.equals(content(index)), path).toBe(true);
  expect(shared.installed).toEqual(paths.map((path) => ({ path, state: disk.stateOf(`/share/${path}`) })));
  await installer.close();
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('a folder is complete with its last file, under whatever names and lengths of names it was wanted', async () => {
  const { batches } = partStore(memoryDisk());
  const paths = ['aa/1', 'bb/1', 'bb?/2', 'bb*/3', 'bb?/4'];
  const { files, bytes } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  const installed = [];
  let left: Uint8Array = bytes;
  for (const file of files) {
    left = (await installer.install(left, [file])).bytes;
    installed.push(told.installed.size);
  }
  expect(installed).toEqual([1, 2, 2, 2, 5]);
});

test('an incomplete new folder is installed with 1,024 files', async () => {
  const { batches } = partStore(memoryDisk());
  const paths = Array.from({ length: 1_025 }, (_, number) => `new/${number}`);
  const { files, bytes } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  const { bytes: left } = await installer.install(bytes, files.slice(0, 1_023));
  expect(told.installed.size).toBe(0);
  await installer.install(left, files.slice(1_023, 1_024));
  expect(told.installed.size).toBe(1_024);
});

test('a folder that is due takes no more files, and is installed when the last write has ended', async () => {
  const disk = memoryDisk();
  const inline = inlineSmallWriter(disk);
  const releases: (() => void)[] = [];
  const makeWriter = () => ({
    ...inline,
    write: async (job: Parameters<typeof inline.write>[0]) => {
      await new Promise<void>((resolve) => releases.push(resolve));
      return inline.write(job);
    },
  });
  const { batches, clock } = partStore(disk, { makeWriter });
  const paths = ['new/a', 'new/b', 'new/c', 'new/d'];
  const { files, bytes } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  const install = async (at: number) =>
    (await installer.install(Buffer.from(bytes), files.slice(at, at + 1))).verdicts;
  const writes = [install(0), install(1)];
  clock.advance(1_000);
  expect(await install(2)).toEqual(['right']);
  expect([...told.installed.values()]).toEqual(['/share/new/c']);
  releases[0]?.();
  expect(await writes[0]).toEqual(['right']);
  expect(told.installed.size).toBe(1);
  releases[1]?.();
  expect(await writes[1]).toEqual(['right']);
  expect([...told.installed.values()]).toEqual(['/share/new/c', '/share/new/a', '/share/new/b']);
  expect(told.failed).toEqual([]);
});

test('a file that another download has installed meanwhile is not installed again', async () => {
  const disk = memoryDisk();
  const { batches, told: shared } = partStore(disk, { isHere: (path) => `/share/${path}` });
  disk.putFolder('/share/old');
  disk.createWhole('/share/old/a', Buffer.from('the same'));
  const { files, bytes } = batch(['old/a']);
  const { installer, told } = openInstaller(batches, ['old/a']);
  expect((await installer.install(bytes, files)).verdicts).toEqual(['right']);
  expect([[...told.installed.values()], shared.installed]).toEqual([['/share/old/a'], []]);
  expect(disk.names('/share/old')).toEqual(['a']);
});

test('an incomplete new folder gets its name after a second, and later files join it', async () => {
  const disk = memoryDisk();
  const { batches, clock } = partStore(disk);
  const paths = ['new/a', 'new/b'];
  const { files, bytes } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  await installer.install(bytes, files.slice(0, 1));
  clock.advance(999);
  expect(told.installed.size).toBe(0);
  clock.advance(1);
  expect([...told.installed.values()]).toEqual(['/share/new/a']);
  await installer.install(bytes, files.slice(1));
  expect([...told.installed.values()]).toEqual(['/share/new/a', '/share/new/b']);
});

test('a folder that has its name leaves no timer, whose closure would keep its files in memory', async () => {
  const { batches, clock } = partStore(memoryDisk());
  const { files, bytes } = batch(['new/a', 'new/b']);
  const { installer } = openInstaller(batches, ['new/a', 'new/b']);
  const before = clock.pending;
  const { bytes: again } = await installer.install(bytes, files.slice(0, 1));
  expect(clock.pending).toBe(before + 1);
  await installer.install(again, files.slice(1));
  expect(clock.pending).toBe(before);
});

test('closing installs the files that are there', async () => {
  const disk = memoryDisk();
  const { batches } = partStore(disk);
  const { files, bytes } = batch(['new/a', 'new/b']);
  const { installer, told } = openInstaller(batches, ['new/a', 'new/b']);
  await installer.install(bytes, files.slice(0, 1));
  await installer.close();
  expect([...told.installed.values()]).toEqual(['/share/new/a']);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test.each([true, false])('an existing file is never replaced (links: %s)', async (links) => {
  const disk = memoryDisk(1, links);
  const { batches } = partStore(disk);
  disk.putFolder('/share/old');
  disk.createWhole('/share/old/a', Buffer.from('mine'));
  disk.putLink('/share/linked');
  const paths = ['old/a', 'old/b', 'late/a', 'linked/a'];
  const { files, bytes, content } = batch(paths);
  const { installer, told } = openInstaller(batches, [...paths, 'late/more']);
  expect((await installer.install(bytes, files)).verdicts).toEqual(['right', 'right', 'right', 'right']);
  // Another program creates a folder of the same name while ours is filled.
  disk.putFolder('/share/late');
  disk.createWhole('/share/late/a', Buffer.from('theirs'));
  await installer.close();
  expect(told.installed).toEqual(
    new Map([
      ['old/a', '/share/old/a (2)'],
      ['old/b', '/share/old/b'],
      ['late/a', '/share/late/a (2)'],
      ['linked/a', '/share/linked (2)/a'],
    ]),
  );
  expect(disk.peek('/share/old/a')?.toString()).toBe('mine');
  expect(disk.peek('/share/late/a')?.toString()).toBe('theirs');
  expect(disk.peek('/share/late/a (2)')?.equals(content(2))).toBe(true);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('wrong bytes are not installed; right ones, sent later, are', async () => {
  const disk = memoryDisk();
  const { batches } = partStore(disk);
  disk.putFolder('/share/old');
  const paths = ['new/a', 'old/b'];
  const { files, bytes, content } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  const spoiled = Buffer.from(bytes.map((byte) => byte ^ 1));
  expect((await installer.install(spoiled, files)).verdicts).toEqual(['wrong', 'wrong']);
  expect((await installer.install(bytes, files)).verdicts).toEqual(['right', 'right']);
  await installer.close();
  expect(told.installed.size).toBe(2);
  expect(disk.peek('/share/new/a')?.equals(content(0))).toBe(true);
});

test('two wanted paths with the same safe path are both installed', async () => {
  const disk = memoryDisk();
  const { batches } = partStore(disk);
  const paths = ['new/a?', 'new/a*', 'new/../../new/a|'];
  const { files, bytes } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  expect((await installer.install(bytes, files)).verdicts).toEqual(['right', 'right', 'right']);
  expect(told.installed.size).toBe(3);
  await installer.close();
  expect(new Set(told.installed.values()).size).toBe(3);
  expect([...told.installed.values()].every((path) => path.startsWith('/share/new'))).toBe(true);
});

/** Everything in the share is one of the wanted contents, whole. */
function expectWhole(disk: MemoryDisk, contents: readonly Buffer[]): void {
  for (const folder of ['/share/new', '/share/new/deep', '/share/old']) {
    for (const name of disk.names(folder)) {
      const bytes = disk.peek(`${folder}/${name}`);
      if (bytes === undefined || bytes.toString() === 'mine') continue;
      expect(
        contents.some((content) => content.equals(bytes)),
        `${folder}/${name} is whole`,
      ).toBe(true);
    }
  }
}

test.each(seeds(40))('a disk that fails at any call corrupts nothing (seed %i)', async (seed) => {
  const disk = memoryDisk(seed, seed % 2 === 0);
  const { batches } = partStore(disk);
  disk.putFolder('/share/old');
  disk.createWhole('/share/old/a', Buffer.from('mine'));
  const paths = ['new/a', 'new/b', 'new/deep/c', 'old/a', 'old/d'];
  const { files, bytes, content } = batch(paths);
  const { installer, told } = openInstaller(batches, paths);
  disk.failAt(seed, seed % 3 === 0 ? 'ENOSPC' : 'EIO');
  const first = await installer.install(bytes, files.slice(0, 3));
  const second = await installer.install(first.bytes, files.slice(3));
  await installer.close();
  expectWhole(
    disk,
    files.map((_, index) => content(index)),
  );
  expect(disk.peek('/share/old/a')?.toString()).toBe('mine');
  const verdicts = [...first.verdicts, ...second.verdicts];
  const right = verdicts.filter((verdict) => verdict === 'right').length;
  for (const verdict of verdicts)
    if (verdict !== 'right') expect(verdict).toMatchObject({ code: expect.stringMatching(/^DISK_/) });
  expect(told.installed.size + told.failed.length).toBe(right);
  for (const path of told.installed.values()) expect(disk.peek(path), path).toBeDefined();
});

test.each(seeds(12))(
  'killed in the middle: files with a name are whole, the rest is removed (seed %i)',
  async (seed) => {
    const before = memoryDisk(seed);
    const { batches } = partStore(before);
    const paths = ['new/a', 'new/b', 'new/deep/c', 'new/deep/d'];
    const { files, bytes, content } = batch(paths);
    const { installer } = openInstaller(batches, paths);
    await installer.install(bytes, files.slice(0, 1 + (seed % 4)));
    const disk = before.kill();
    partStore(disk).batches.cleanUp();
    expectWhole(
      disk,
      files.map((_, index) => content(index)),
    );
    expect(disk.names('/share/Temp')).toEqual([]);
  },
);

test.each([4_096, 300_000])('a file of %i bytes is verified before it is written', async (size) => {
  const disk = memoryDisk();
  const { batches, told: shared } = partStore(disk);
  const made = [1, 2, 3].map((salt) => madeFile(size, salt));
  const files = made.map(({ description: { fileId } }, index) => {
    return { row: index, fileId, size, path: `new/${index}`, offset: 1 + index * (size + 1) };
  });
  const bytes = Buffer.concat(made.flatMap(({ content }) => [Buffer.of(1), content]));
  bytes[size + 2] = (bytes[size + 2] ?? 0) ^ 1;
  const { installer, told } = openInstaller(
    batches,
    files.map(({ path }) => path),
  );
  expect((await installer.install(bytes, files)).verdicts).toEqual(['right', 'wrong', 'right']);
  await installer.close();
  expect([...told.installed.keys()]).toEqual(['new/0', 'new/2']);
  expect(disk.kindOf('/share/new/1')).toBeUndefined();
  for (const index of [0, 2])
    expect(disk.peek(`/share/new/${index}`)?.equals(made[index]?.content ?? Buffer.alloc(0))).toBe(true);
  expect(shared.hashes).toEqual([made[0], made[2]].flatMap((each) => each?.description.chunkHashes ?? []));
});

test('each file of a batch has its modification time and executable bit, in a new folder and in an old one', async () => {
  const disk = memoryDisk();
  const { batches } = partStore(disk);
  disk.putFolder('/share/old');
  const paths = ['new/a', 'new/b', 'old/a'];
  const { files, bytes } = batch(paths);
  const dated = files.map((file, index) =>
    index === 1
      ? { ...file, modifiedMs: 1_000 + index, executable: true as const }
      : { ...file, modifiedMs: 1_000 + index },
  );
  const { installer } = openInstaller(batches, paths);
  await installer.install(bytes, dated);
  await installer.close();
  expect(paths.map((path) => disk.stateOf(`/share/${path}`)?.modifiedMs)).toEqual([1_000, 1_001, 1_002]);
  expect(paths.map((path) => disk.stateOf(`/share/${path}`)?.executable)).toEqual([
    undefined,
    true,
    undefined,
  ]);
});

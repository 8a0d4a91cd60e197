import { expect, test } from 'vitest';
import type { PartStore } from '../../../../Peer/Files/Parts/PartStore.ts';
import type { SmallFile } from '../../../../Peer/Storage.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import type { ShoalError } from '../../../../Shared/ShoalError.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { seeds } from '../../../Support/seeds.ts';
import { madeFile, partStore } from '../parts.ts';

const memoryDisk = (seed = 1, links = true) => new MemoryDisk({ random: new SeededRandom(seed), links });

/** Small files of different content, one after the other behind a byte each, as a bundle brings them. */
function batch(paths: readonly string[], salt = 0) {
  const made = paths.map((_, index) => madeFile(100 + index, salt + index));
  const files: SmallFile[] = [];
  let offset = 1;
  for (const [index, path] of paths.entries()) {
    const size = 100 + index;
    const fileId = made[index]?.description.fileId ?? madeFile(0).description.fileId;
    files.push({ fileId, size, path, offset });
    offset += size + 1;
  }
  const bytes = Buffer.concat(made.flatMap(({ content }) => [Buffer.of(1), content]));
  return { files, bytes, content: (index: number) => made[index]?.content ?? Buffer.alloc(0) };
}

function placing(store: PartStore, wanted: readonly string[]) {
  const told = { placed: new Map<string, string>(), failed: [] as ShoalError[] };
  const placer = store.placing(wanted, {
    placed: ({ path }, absolute) => told.placed.set(path, absolute),
    failed: (_, reason) => told.failed.push(reason),
  });
  return { placer, told };
}

test('a folder that is not there comes whole, with one name, and nothing is left in Temp', async () => {
  const disk = memoryDisk();
  const { store, told: shared } = partStore(disk);
  const paths = ['new/a', 'new/b', 'new/c'];
  const { files, bytes, content } = batch(paths);
  const { placer, told } = placing(store, paths);
  const first = await placer.place(bytes, files.slice(0, 2));
  expect(first.verdicts).toEqual(['right', 'right']);
  expect(told.placed.size).toBe(0);
  expect(disk.kindOf('/share/new')).toBeUndefined();

  await placer.place(first.bytes, files.slice(2));
  expect([...told.placed]).toEqual(paths.map((path) => [path, `/share/${path}`]));
  for (const [index, path] of paths.entries())
    expect(disk.peek(`/share/${path}`)?.equals(content(index)), path).toBe(true);
  expect(shared.placed).toEqual(paths.map((path) => ({ path, state: disk.stateOf(`/share/${path}`) })));
  await placer.close();
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('a folder of which not all comes gets its name after a second, and the rest joins it', async () => {
  const disk = memoryDisk();
  const { store, clock } = partStore(disk);
  const paths = ['new/a', 'new/b'];
  const { files, bytes } = batch(paths);
  const { placer, told } = placing(store, paths);
  await placer.place(bytes, files.slice(0, 1));
  clock.advance(999);
  expect(told.placed.size).toBe(0);
  clock.advance(1);
  expect([...told.placed.values()]).toEqual(['/share/new/a']);
  await placer.place(bytes, files.slice(1));
  expect([...told.placed.values()]).toEqual(['/share/new/a', '/share/new/b']);
});

test('closing gives what is there its name', async () => {
  const disk = memoryDisk();
  const { store } = partStore(disk);
  const { files, bytes } = batch(['new/a', 'new/b']);
  const { placer, told } = placing(store, ['new/a', 'new/b']);
  await placer.place(bytes, files.slice(0, 1));
  await placer.close();
  expect([...told.placed.values()]).toEqual(['/share/new/a']);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test.each([true, false])('what lies there is never replaced (links: %s)', async (links) => {
  const disk = memoryDisk(1, links);
  const { store } = partStore(disk);
  disk.putFolder('/share/old');
  disk.createWhole('/share/old/a', Buffer.from('mine'));
  disk.putLink('/share/linked');
  const paths = ['old/a', 'old/b', 'late/a', 'linked/a'];
  const { files, bytes, content } = batch(paths);
  const { placer, told } = placing(store, [...paths, 'late/more']);
  expect((await placer.place(bytes, files)).verdicts).toEqual(['right', 'right', 'right', 'right']);
  // Somebody makes a folder of the same name while ours is filled.
  disk.putFolder('/share/late');
  disk.createWhole('/share/late/a', Buffer.from('theirs'));
  await placer.close();
  expect(told.placed).toEqual(
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

test('wrong bytes make no file; the right ones, later, do', async () => {
  const disk = memoryDisk();
  const { store } = partStore(disk);
  disk.putFolder('/share/old');
  const paths = ['new/a', 'old/b'];
  const { files, bytes, content } = batch(paths);
  const { placer, told } = placing(store, paths);
  const spoiled = Buffer.from(bytes.map((byte) => byte ^ 1));
  expect((await placer.place(spoiled, files)).verdicts).toEqual(['wrong', 'wrong']);
  expect((await placer.place(bytes, files)).verdicts).toEqual(['right', 'right']);
  await placer.close();
  expect(told.placed.size).toBe(2);
  expect(disk.peek('/share/new/a')?.equals(content(0))).toBe(true);
});

test('two wanted paths that are one when made safe both come', async () => {
  const disk = memoryDisk();
  const { store } = partStore(disk);
  const paths = ['new/a?', 'new/a*', 'new/../../new/a|'];
  const { files, bytes } = batch(paths);
  const { placer, told } = placing(store, paths);
  expect((await placer.place(bytes, files)).verdicts).toEqual(['right', 'right', 'right']);
  await placer.close();
  expect(new Set(told.placed.values()).size).toBe(3);
  expect([...told.placed.values()].every((path) => path.startsWith('/share/new'))).toBe(true);
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
  const { store } = partStore(disk);
  disk.putFolder('/share/old');
  disk.createWhole('/share/old/a', Buffer.from('mine'));
  const paths = ['new/a', 'new/b', 'new/deep/c', 'old/a', 'old/d'];
  const { files, bytes, content } = batch(paths);
  const { placer, told } = placing(store, paths);
  disk.failAt(seed, seed % 3 === 0 ? 'ENOSPC' : 'EIO');
  const first = await placer.place(bytes, files.slice(0, 3));
  const second = await placer.place(first.bytes, files.slice(3));
  await placer.close();
  expectWhole(
    disk,
    files.map((_, index) => content(index)),
  );
  expect(disk.peek('/share/old/a')?.toString()).toBe('mine');
  const verdicts = [...first.verdicts, ...second.verdicts];
  const right = verdicts.filter((verdict) => verdict === 'right').length;
  expect(told.placed.size + told.failed.length).toBe(right);
  for (const path of told.placed.values()) expect(disk.peek(path), path).toBeDefined();
});

test.each(seeds(12))(
  'killed in the middle: what has a name is whole, the rest is cleared up (seed %i)',
  async (seed) => {
    const before = memoryDisk(seed);
    const { store } = partStore(before);
    const paths = ['new/a', 'new/b', 'new/deep/c', 'new/deep/d'];
    const { files, bytes, content } = batch(paths);
    const { placer } = placing(store, paths);
    await placer.place(bytes, files.slice(0, 1 + (seed % 4)));
    const disk = before.kill();
    partStore(disk).store.cleanUp();
    expectWhole(
      disk,
      files.map((_, index) => content(index)),
    );
    expect(disk.names('/share/Temp')).toEqual([]);
  },
);

test.each([4_096, 65_536, 65_537, 300_000])(
  'a file of %i bytes is verified before it is written, wherever that is done',
  async (size) => {
    const disk = memoryDisk();
    const { store, told: shared } = partStore(disk);
    const made = [1, 2, 3].map((salt) => madeFile(size, salt));
    const files = made.map(({ description: { fileId } }, index) => {
      return { fileId, size, path: `new/${index}`, offset: 1 + index * (size + 1) };
    });
    const bytes = Buffer.concat(made.flatMap(({ content }) => [Buffer.of(1), content]));
    bytes[size + 2] = (bytes[size + 2] ?? 0) ^ 1;
    const { placer, told } = placing(
      store,
      files.map(({ path }) => path),
    );
    expect((await placer.place(bytes, files)).verdicts).toEqual(['right', 'wrong', 'right']);
    await placer.close();
    expect([...told.placed.keys()]).toEqual(['new/0', 'new/2']);
    expect(disk.kindOf('/share/new/1')).toBeUndefined();
    for (const index of [0, 2])
      expect(disk.peek(`/share/new/${index}`)?.equals(made[index]?.content ?? Buffer.alloc(0))).toBe(true);
    expect(shared.hashes).toEqual([made[0], made[2]].map((each) => each?.description.chunkHashes));
  },
);

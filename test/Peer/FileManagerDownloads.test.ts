import { existsSync, mkdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { fileIdOf, hashBytes } from '../../Protocol/FileId.ts';
import { SimulatedClock } from '../Support/SimulatedClock.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { countingHasher, eventually, noWatch, pathsOf, startManager } from './Files/manager.ts';
import { madeFile, writeChunk } from './Files/Parts/parts.ts';

const MIB = 1_024 * 1_024;

describe('after a restart', () => {
  test('only changed files are hashed', async () => {
    const folder = await TempFolder.forTest();
    for (let n = 0; n < 10; n++) await folder.write(`share/${n}`, `content ${n}`);
    await folder.write('share/large', Buffer.alloc(3 * MIB, 7));
    const first = await startManager(folder, { cacheDir: folder.at('cache') });
    const before = first.manager.entries();
    await first.manager.close();

    await rename(folder.at('share/1'), folder.at('share/renamed'));
    await writeFile(folder.at('share/2'), 'new content');
    await rm(folder.at('share/3'));
    const { asked, makeHasher } = countingHasher();
    const { manager } = await startManager(folder, { cacheDir: folder.at('cache'), seams: { makeHasher } });
    expect(asked).toEqual(['2']);
    expect(manager.findPath('renamed')?.fileId).toBe(before.find((entry) => entry.path === '1')?.fileId);
    const large = manager.findPath('large');
    expect((await manager.describe(large?.fileId ?? ('' as never))).chunkHashes).toHaveLength(3);
    expect(manager.list('')).toHaveLength(10);
  });

  test.each([
    ['a foreign file', (path: string) => writeFile(path, Buffer.alloc(50_000, 0x5a))],
    // Within a record: a cut between two leaves no damage.
    ['a cut file', async (path: string) => truncate(path, (await stat(path)).size - 10)],
    ['a folder', (path: string) => rm(path).then(() => mkdir(path))],
    ['an unreadable cache', (path: string) => rm(path).then(() => symlink(path, path))],
  ])(
    'with %s in place of the cache, a warning is given and the files are hashed again',
    async (_, damage) => {
      const folder = await TempFolder.forTest();
      for (let n = 0; n < 20; n++) await folder.write(`share/${n}`, `content ${n}`);
      const first = await startManager(folder, { cacheDir: folder.at('cache') });
      await first.manager.close();
      const [name = ''] = await readdir(folder.at('cache'));
      await damage(folder.at('cache', name));
      const warnings: string[] = [];
      const log = { warn: (text: string) => warnings.push(text), info: () => {}, debug: () => {} };
      const { manager } = await startManager(folder, { cacheDir: folder.at('cache'), log });
      expect(pathsOf(manager)).toHaveLength(20);
      expect(warnings).toEqual([expect.stringContaining(name)]);
      const { fileId } = manager.findPath('7') ?? {};
      expect((await manager.describe(fileId ?? ('' as never))).chunkHashes).toHaveLength(1);
    },
  );

  test('the share works without a cache when its folder cannot be created', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/a', 'x');
    await folder.write('file', 'not a folder');
    const { manager } = await startManager(folder, { cacheDir: folder.at('file/cache') });
    expect(pathsOf(manager)).toEqual(['a']);
  });

  test('an unfinished download is listed, resumed and finished', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB + 3);
    const first = await startManager(folder);
    const part = await first.manager.open(description, 'films/a.mkv');
    expect(first.manager.holdings(description.fileId)).toBe(part.verified);
    expect(first.manager.entries()).toEqual([
      { kind: 'partial', path: '', size: content.length, fileId: description.fileId },
    ]);
    await writeChunk(part, content, 1);
    await first.manager.close();

    const { asked, makeHasher } = countingHasher();
    const { manager } = await startManager(folder, { seams: { makeHasher } });
    expect(await manager.unfinished()).toMatchObject([{ fileId: description.fileId, path: 'films/a.mkv' }]);
    expect(await manager.describeUnfinished(description.fileId)).toEqual(description);
    const again = await manager.open(description, 'films/a.mkv');
    expect([...again.verified.indexes()]).toEqual([1]);
    for (const chunk of [0, 2]) await writeChunk(again, content, chunk);
    const { version } = manager;
    expect(await again.finish()).toBe(folder.at('share/films/a.mkv'));
    expect(readFileSync(folder.at('share/films/a.mkv')).equals(content)).toBe(true);
    expect(manager.holdings(description.fileId)).toBe('all');
    expect(manager.changesSince(version)).toEqual([
      expect.objectContaining({
        kind: 'file',
        path: 'films/a.mkv',
        size: content.length,
        fileId: description.fileId,
      }),
      { kind: 'gone', path: '', size: content.length, fileId: description.fileId },
    ]);
    expect(await manager.describe(description.fileId)).toEqual(description);
    await manager.rescan();
    expect(asked).toEqual([]);
    expect(await readdir(folder.at('share/Temp'))).toEqual([]);
  });
});

describe('unfinished downloads', () => {
  test('a file of one chunk is not published before it is complete', async () => {
    const { manager } = await startManager(await TempFolder.forTest());
    const { content, description } = madeFile(MIB);
    const part = await manager.open(description, 'small');
    expect([manager.entries(), manager.version]).toEqual([[], 0]);
    await writeChunk(part, content, 0);
    await part.finish();
    expect(manager.entries()).toMatchObject([{ kind: 'file', path: 'small' }]);
  });

  test('changes at the same moment are one event, and there is none after close', async () => {
    const clock = new SimulatedClock();
    const { manager } = await startManager(await TempFolder.forTest(), { clock, wallMs: clock.wallMs });
    clock.advance(100);
    let changes = 0;
    manager.on('catalogChanged', () => changes++);
    for (let n = 0; n < 10; n++) await manager.open(madeFile(2 * MIB, n).description, `${n}`);
    expect(changes).toBe(0);
    clock.advance(100);
    expect(changes).toBe(1);
    await manager.close();
    clock.advance(100);
    expect(changes).toBe(1);
  });

  test('a folder download is kept over a restart until it is forgotten', async () => {
    const folder = await TempFolder.forTest();
    const kept = { key: 'a'.repeat(64), path: 'music/', files: [], paused: true };
    const first = await startManager(folder);
    await first.manager.keepFolder(kept);
    await first.manager.close();
    const second = await startManager(folder);
    const found = await second.manager.keptFolders();
    expect(found.map((each) => ({ ...each, files: [...each.files] }))).toEqual([kept]);
    await second.manager.forgetFolder(kept.key);
    expect(await second.manager.keptFolders()).toEqual([]);
    await second.manager.close();
    expect(await (await startManager(folder)).manager.keptFolders()).toEqual([]);
  });
});

describe('an incomplete folder', () => {
  test('gets its name when it is complete, with all files at once, and is shared before', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB);
    await folder.write('share/Class (incomplete)/sub/a', content);
    await folder.write('share/Class (incomplete)/b', 'b');
    const { asked, makeHasher } = countingHasher();
    const { manager } = await startManager(folder, { seams: { makeHasher } });
    const from = manager.incompleteFolder('Class/');
    expect(from).toBe('Class (incomplete)');
    const named = await manager.nameFolder(from ?? '', 'Class/');
    expect(named.path).toBe(folder.at('share/Class'));
    await named.shared;
    expect(pathsOf(manager)).toEqual(['Class/b', 'Class/sub/a']);
    expect(manager.findComplete(description.fileId)).toBe(folder.at('share/Class/sub/a'));
    expect(readFileSync(folder.at('share/Class/sub/a')).equals(content)).toBe(true);
    await manager.rescan();
    expect(pathsOf(manager)).toEqual(['Class/b', 'Class/sub/a']);
    expect(asked).toHaveLength(2);
    expect(manager.incompleteFolder('Class')).toBeUndefined();
  });

  test('moves its files to their new paths, and detects one that changed meanwhile', async () => {
    const folder = await TempFolder.forTest();
    for (const name of ['a', 'b', 'c']) await folder.write(`share/Class (incomplete)/sub/${name}`, name);
    const { manager } = await startManager(folder);
    const before = manager.version;
    await folder.write('share/Class (incomplete)/sub/b', 'changed');
    await (await manager.nameFolder('Class (incomplete)', 'Class/')).shared;
    expect(pathsOf(manager)).toEqual(expect.arrayContaining(['Class/sub/a', 'Class/sub/c']));
    expect(manager.version - before).toBeLessThanOrEqual(8);
    await manager.rescan();
    await eventually(() => expect(manager.findPath('Class/sub/b')?.size).toBe(7));
    const [small] = pathsOf(manager).map((path) => manager.findPath(path)?.fileId);
    const into = Buffer.alloc(1);
    if (small !== undefined) await manager.read(small, 0, 0, into);
    expect(into.toString()).toBe('a');
  });

  test('keeps its small files out of the catalog until it has its name, but not from those that look for them', async () => {
    const folder = await TempFolder.forTest();
    const { manager } = await startManager(folder);
    const paths = ['Class (incomplete)/a', 'Class (incomplete)/sub/b'];
    const contents = paths.map((path) => Buffer.from(path));
    const files = paths.map((path, row) => {
      const size = contents[row]?.length ?? 0;
      const fileId = fileIdOf(size, [hashBytes(contents[row] ?? Buffer.alloc(0))]);
      return { row, path, size, fileId, offset: row === 0 ? 0 : (contents[0]?.length ?? 0) };
    });
    const events = { installed: () => {}, failed: () => {} };
    const installer = manager.openInstaller(paths, events, 'Class (incomplete)');
    const { verdicts } = await installer.install(Buffer.concat(contents), files);
    expect(verdicts).toEqual(['right', 'right']);
    expect([manager.version, manager.status().files]).toEqual([0, 2]);
    await (await manager.nameFolder('Class (incomplete)', 'Class/')).shared;
    expect(manager.version).toBe(0);
    expect(pathsOf(manager)).toEqual(['Class/a', 'Class/sub/b']);
    expect(
      manager
        .changesSince(0)
        ?.map(({ kind, path }) => `${kind} ${path}`)
        .sort(),
    ).toEqual(['file Class/a', 'file Class/sub/b']);
    await installer.close();

    const more = manager.openInstaller(paths, events, 'Class (incomplete)');
    const { version } = manager;
    await more.install(
      Buffer.concat(contents),
      files.map((file) => ({ ...file, path: file.path.replace('sub/', '') })),
    );
    const other = Buffer.from('other');
    const fileId = fileIdOf(other.length, [hashBytes(other)]);
    const path = 'Class (incomplete)/c';
    await more.install(other, [{ row: 2, path, size: other.length, offset: 0, fileId }]);
    expect(manager.version).toBe(version);
    expect(manager.find(fileId)?.path).toBe(path);
    await more.install(other, [{ row: 3, path: `${path} too`, size: other.length, offset: 0, fileId }]);
    const held = manager.version;
    expect(held).toBe(version + 1); // A lookup inserts the files with that content, not the others.
    await more.close();
    await eventually(() => expect(manager.version).toBe(held + 3));
  });

  test('is merged file by file into a folder that took its name meanwhile, replacing nothing', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/Class (incomplete)/b.txt', 'new');
    await folder.write('share/Class/b.txt', 'mine');
    const { manager } = await startManager(folder);
    await (await manager.nameFolder('Class (incomplete)', 'Class/')).shared;
    expect(pathsOf(manager)).toEqual(['Class/b (2).txt', 'Class/b.txt']);
    expect(readFileSync(folder.at('share/Class/b.txt'), 'utf8')).toBe('mine');
  });

  test('keeps the times of its folders, and empty ones, when it is merged', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/Class (incomplete)/sub/a', 'new');
    await folder.write('share/Class/b', 'mine');
    mkdirSync(folder.at('share/Class (incomplete)/empty'));
    for (const name of ['sub', 'empty'])
      utimesSync(folder.at(`share/Class (incomplete)/${name}`), 1_000, 1_000);
    const { manager } = await startManager(folder);
    await (await manager.nameFolder('Class (incomplete)', 'Class/')).shared;
    for (const name of ['sub', 'empty'])
      expect(statSync(folder.at(`share/Class/${name}`)).mtimeMs).toBe(1_000_000);
    expect(readFileSync(folder.at('share/Class/sub/a'), 'utf8')).toBe('new');
    expect(existsSync(folder.at('share/Class (incomplete)'))).toBe(false);
  });

  test('a hostile name does not lead out of the share', async () => {
    const folder = await TempFolder.forTest();
    const { manager } = await startManager(folder);
    expect(manager.incompleteFolder('../out')).toBe('out (incomplete)');
    expect(manager.incompleteFolder('Temp')).toBe('_Temp (incomplete)');
    expect(manager.incompleteFolder('x'.repeat(300))).toBeUndefined();
  });
});

describe('content that the share has already', () => {
  test('is copied to the wanted path, never replacing a file', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(MIB + 1);
    await folder.write('share/here', content);
    await folder.write('share/taken', 'mine');
    const { asked, makeHasher } = countingHasher();
    const { manager } = await startManager(folder, { seams: { makeHasher } });
    expect(manager.findComplete(description.fileId)).toBe(folder.at('share/here'));
    expect(await manager.copyComplete(description.fileId, 'here')).toBe(folder.at('share/here'));
    expect(await manager.copyComplete(description.fileId, 'taken')).toBe(folder.at('share/taken (2)'));
    expect(await manager.copyComplete(description.fileId, 'taken')).toBe(folder.at('share/taken (2)'));
    expect(await manager.copyComplete(description.fileId, 'new/copy')).toBe(folder.at('share/new/copy'));
    expect(readFileSync(folder.at('share/new/copy')).equals(content)).toBe(true);
    expect(readFileSync(folder.at('share/taken'), 'utf8')).toBe('mine');
    expect(pathsOf(manager)).toEqual(['here', 'new/copy', 'taken', 'taken (2)']);
    expect(asked).toHaveLength(2);
    await rm(folder.at('share/here'));
    await rm(folder.at('share/taken (2)'));
    expect(manager.findComplete(description.fileId)).toBe(folder.at('share/new/copy'));
  });

  test('is not found after it was removed', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(10);
    await folder.write('share/here', content);
    const { manager } = await startManager(folder, { seams: { watch: noWatch } });
    await rm(folder.at('share/here'));
    expect(manager.findComplete(description.fileId)).toBeUndefined();
    await expect(manager.copyComplete(description.fileId, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a download larger than the free space is refused', async () => {
  const { manager } = await startManager(await TempFolder.forTest());
  await manager.requireFreeSpace(1);
  await expect(manager.requireFreeSpace(2 ** 52)).rejects.toMatchObject({ code: 'DISK_FULL' });
});

test('a Temp that is a symbolic link is never used: files are shared, downloads refused', async () => {
  const folder = await TempFolder.forTest();
  await mkdir(folder.at('share'), { recursive: true });
  await mkdir(folder.at('elsewhere'));
  await symlink(folder.at('elsewhere'), folder.at('share/Temp'));
  const { description } = madeFile(2 * MIB);
  const leftover = await folder.write(`elsewhere/${description.fileId}.part`, 'of a stranger');
  await folder.write('share/a', 'x');
  const { manager } = await startManager(folder);
  expect(pathsOf(manager)).toEqual(['a']);
  expect(existsSync(leftover)).toBe(true);
  await expect(manager.open(description, 'film')).rejects.toMatchObject({ code: 'DISK_FAILED' });
  await expect(
    manager.copyComplete(manager.findPath('a')?.fileId ?? ('' as never), 'b'),
  ).rejects.toMatchObject({
    code: 'DISK_FAILED',
  });
});

test('a share without downloads gets no Temp', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('share/a', 'x');
  const { manager } = await startManager(folder);
  expect(await readdir(folder.at('share'))).toEqual(['a']);
  expect(await manager.unfinished()).toEqual([]);
  expect(await manager.keptFolders()).toEqual([]);
  await manager.copyComplete(manager.findPath('a')?.fileId ?? ('' as never), 'b');
  await eventually(() => expect(pathsOf(manager)).toEqual(['a', 'b']));
});

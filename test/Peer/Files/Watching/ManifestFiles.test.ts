import { closeSync } from 'node:fs';
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { FileManager } from '../../../../Peer/FileManager.ts';
import { openShared } from '../../../../Peer/Files/Disk/OpenShared.ts';
import { MemoryHashCache } from '../../../../Peer/Files/Hashing/HashCache.ts';
import { ManifestFiles } from '../../../../Peer/Files/Watching/ManifestFiles.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';
import { eventually, pathsOf, startManager } from '../manager.ts';
import { madeFile, writeChunk } from '../Parts/parts.ts';

async function withManifest(lines: readonly string[], options: Parameters<typeof startManager>[1] = {}) {
  const folder = await TempFolder.forTest();
  await folder.write('share/a.txt', 'in the share');
  await folder.write('share/unlisted.txt', 'nobody sees me');
  await folder.write('elsewhere/b.bin', 'outside');
  const manifest = await folder.write('list/mine.txt', lines.map((line) => `${line}\n`).join(''));
  const started = await startManager(folder, { manifest, ...options });
  return { folder, manifest, ...started };
}

function watchManifest(files: ManifestFiles, changed: (name: string) => void) {
  const ignored = {
    folderChanged: () => {},
    limited: () => {},
    isSelfCreated: () => false,
    problem: () => {},
  };
  return files.watch('', { ...ignored, changed });
}

async function read(manager: FileManager, path: string): Promise<string> {
  const entry = manager.findPath(path);
  if (entry === undefined) throw new Error(`${path} is not shared`);
  const into = Buffer.alloc(entry.size);
  await manager.read(entry.fileId, 0, 0, into);
  return into.toString();
}

test('the named files are shared under these names, wherever they are, and no others', async () => {
  const { manager, problems, folder } = await withManifest([
    '# mine',
    'b.txt ../share/a.txt',
    'again/b.txt ../share/a.txt',
    '"far away" ../elsewhere/b.bin',
  ]);
  expect(pathsOf(manager)).toEqual(['again/b.txt', 'b.txt', 'far away']);
  expect(await read(manager, 'b.txt')).toBe('in the share');
  expect(await read(manager, 'far away')).toBe('outside');
  expect(manager.findPath('again/b.txt')?.fileId).toBe(manager.findPath('b.txt')?.fileId);
  expect(manager.findComplete(manager.findPath('far away')?.fileId ?? ('' as never))).toBe(
    folder.at('elsewhere/b.bin'),
  );
  expect(manager.status()).toMatchObject({ manifest: folder.at('list/mine.txt'), files: 3 });
  expect(problems).toEqual([]);
});

test('bad lines and files that cannot be shared are reported with their line, the others are shared', async () => {
  const { folder, manifest } = await withManifest([]);
  await mkdir(folder.at('share/Temp'), { recursive: true });
  await folder.write('share/Temp/x.part', 'unfinished');
  await symlink(folder.at('elsewhere/b.bin'), folder.at('elsewhere/link'));
  const lines = [
    'alone',
    'missing ../nowhere/x',
    'folder ../elsewhere',
    'link ../elsewhere/link',
    'device /dev/null',
    'part ../share/Temp/x.part',
    'good ../elsewhere/b.bin',
    'good ../share/a.txt',
  ];
  await writeFile(manifest, lines.join('\n'));
  const { manager, problems } = await startManager(folder, { manifest });
  expect(pathsOf(manager)).toEqual(['good']);
  expect(problems.sort()).toEqual([
    expect.stringMatching(/^mine\.txt line 1: no path after the name "alone"/),
    'mine.txt line 2: "../nowhere/x" does not exist',
    'mine.txt line 3: "../elsewhere" is a folder: name files, one a line',
    'mine.txt line 4: "../elsewhere/link" is a symbolic link: name its target',
    'mine.txt line 5: "/dev/null" is not a regular file',
    'mine.txt line 6: "../share/Temp/x.part" is an unfinished download',
    'mine.txt line 8: "good" is already named in line 7',
  ]);
  // Reported once, however often it is checked.
  const told = problems.length;
  await manager.rescan();
  expect(problems).toHaveLength(told);
  expect(manager.status().problems).toHaveLength(told);
});

test('a thousand bad lines are reported in a summary', async () => {
  const { problems } = await withManifest(Array.from({ length: 1_000 }, (_, n) => `${n} nowhere`));
  expect(problems).toHaveLength(21);
  expect(problems.at(-1)).toBe('mine.txt: more than 20 lines are not shared');
});

test('the catalog follows the manifest when it is edited, replaced or removed', async () => {
  const { manager, problems, manifest, folder } = await withManifest(['a ../share/a.txt']);
  await writeFile(manifest, 'a ../elsewhere/b.bin\nc ../share/a.txt\nbad\n');
  await eventually(() => expect(pathsOf(manager)).toEqual(['a', 'c']));
  await eventually(() => expect(manager.findPath('a')?.size).toBe('outside'.length));
  expect(await read(manager, 'a')).toBe('outside');
  expect(problems).toEqual([expect.stringMatching(/^mine\.txt line 3: /)]);
  await folder.write('list/new.txt', 'd ../share/a.txt\n');
  await rename(folder.at('list/new.txt'), manifest);
  await eventually(() => expect(pathsOf(manager)).toEqual(['d']));
  expect(manager.status().problems).toEqual([]);
  await rm(manifest);
  await eventually(() => expect(pathsOf(manager)).toEqual([]));
  expect(problems.at(-1)).toMatch(/^mine\.txt: the manifest ".*" does not exist$/);
});

test('the catalog follows named files that are written, removed or created later', async () => {
  const { manager, folder } = await withManifest(['a ../share/a.txt', 'late ../not/yet/here.txt']);
  const before = manager.findPath('a')?.fileId;
  await folder.write('share/a.txt', 'something else');
  await eventually(() => expect(manager.findPath('a')?.fileId).not.toBe(before));
  await eventually(() => expect(manager.findPath('a')?.size).toBe('something else'.length));
  await rm(folder.at('share/a.txt'));
  await eventually(() => expect(manager.findPath('a')).toBeUndefined());
  await mkdir(folder.at('not'));
  await folder.write('not/yet/here.txt', 'late');
  await eventually(() => expect(pathsOf(manager)).toEqual(['late']));
  await rm(folder.at('not'), { recursive: true });
  await eventually(() => expect(pathsOf(manager)).toEqual([]));
  await folder.write('not/yet/here.txt', 'back');
  await eventually(() => expect(pathsOf(manager)).toEqual(['late']));
});

test('a file reached through a symbolic link put in later is not read', async () => {
  const { manager, folder } = await withManifest(['a ../elsewhere/b.bin']);
  const fileId = manager.findPath('a')?.fileId ?? ('' as never);
  await folder.write('secret/b.bin', 'outside'); // The same bytes: only the location differs.
  await rename(folder.at('elsewhere'), folder.at('moved'));
  await symlink(folder.at('secret'), folder.at('elsewhere'));
  await expect(manager.read(fileId, 0, 0, Buffer.alloc(7))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(() => openShared(undefined, folder.at('elsewhere/b.bin'))).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
  const { fd, state } = openShared(undefined, folder.at('secret/b.bin'));
  closeSync(fd);
  expect(state.size).toBe(7);
});

test('a download goes to the share folder and is shared only when the manifest names it', async () => {
  const { manager, folder } = await withManifest(['mine ../share/listed.bin']);
  for (const [salt, path] of [
    [1, 'listed.bin'],
    [2, 'other.bin'],
  ] as const) {
    const file = madeFile(100_000, salt);
    const part = await manager.open(file.description, path);
    await writeChunk(part, file.content, 0);
    expect(await part.finish()).toBe(folder.at('share', path));
  }
  await eventually(() => expect(pathsOf(manager)).toEqual(['mine']));
  expect(manager.findPath('mine')?.size).toBe(100_000);
});

test('files hashed in an earlier run are not hashed again', async () => {
  const cache = new MemoryHashCache();
  const lines = ['a ../share/a.txt'];
  const { folder, manifest, manager } = await withManifest(lines, { seams: { cache } });
  const hashes = manager.findPath('a')?.fileId;
  await manager.close();
  const refuse = () => Promise.reject(new Error('hashed'));
  const never = () => ({ hash: refuse, hashPart: refuse, close: async () => {} });
  const again = await startManager(folder, { manifest, seams: { cache, makeHasher: never } });
  expect(again.manager.findPath('a')?.fileId).toBe(hashes);
});

test('an unreadable manifest fails the start', async () => {
  const folder = await TempFolder.forTest();
  for (const manifest of [folder.at('nowhere.txt'), folder.path])
    await expect(startManager(folder, { manifest })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('name path'),
    });
});

test('a file is found although its folders are created one by one, with pauses', async () => {
  const folder = await TempFolder.forTest();
  const manifest = await folder.write('list.txt', 'late deep/er/file');
  const files = new ManifestFiles({ manifest, temp: folder.at('Temp'), clock: new SimulatedClock() });
  const found: string[] = [];
  const events = {
    found: (path: string) => found.push(path),
    gone: () => {},
    problem: () => {},
    resolved: () => {},
  };
  const changed = new Set<string>();
  const watching = watchManifest(files, (name) => changed.add(name));
  await files.scanAll(events, new AbortController().signal);
  for (const step of [() => mkdir(folder.at('deep')), () => mkdir(folder.at('deep/er'))]) {
    changed.clear();
    await step();
    await eventually(() => expect(changed).toContain('late'));
    files.checkFile('late', events);
  }
  changed.clear();
  await folder.write('deep/er/file', 'x');
  await eventually(() => expect(changed).toContain('late'));
  files.checkFile('late', events);
  expect(found).toContain('late');
  await watching.close();
});

test('a manifest of more than 64 MiB is refused unread', async () => {
  const folder = await TempFolder.forTest();
  const manifest = await folder.write('list.txt', '');
  await truncate(manifest, 64 * 1_024 ** 2 + 1);
  await expect(startManager(folder, { manifest })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('larger than'),
  });
});

test('everything is checked again every 30 s: symbolic links and network disks change without an event', async () => {
  const folder = await TempFolder.forTest();
  const manifest = await folder.write('list.txt', '');
  const clock = new SimulatedClock();
  const files = new ManifestFiles({ manifest, temp: folder.at('Temp'), clock });
  const changed: string[] = [];
  const ignored = {
    folderChanged: () => {},
    limited: () => {},
    isSelfCreated: () => false,
    problem: () => {},
  };
  const watching = files.watch('', { ...ignored, changed: (path) => changed.push(path) });
  clock.advance(29_999);
  expect(changed).toEqual([]);
  clock.advance(30_001);
  expect(changed).toEqual(['', '']);
  await watching.close();
  clock.advance(60_000);
  expect(changed).toEqual(['', '']);
});

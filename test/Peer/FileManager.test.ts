import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Catalog } from '../../Peer/Files/Catalog/Catalog.ts';
import type { CatalogFeed, ChunkProvider } from '../../Peer/Network/Ports.ts';
import type { DownloadStorage } from '../../Peer/Storage.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { countingHasher, eventually, pathsOf, startManager } from './Files/manager.ts';
import { madeFile, writeChunk } from './Files/Parts/parts.ts';

const MIB = 1_024 * 1_024;

test('FileManager implements the interfaces of downloads and network', async () => {
  const { manager } = await startManager(await TempFolder.forTest());
  const contracts: { store: DownloadStorage; provider: ChunkProvider; feed: CatalogFeed } = {
    store: manager,
    provider: manager,
    feed: manager,
  };
  expect(contracts.feed.version).toBe(0);
  expect(contracts.provider.list('')).toEqual([]);
  expect(await contracts.store.unfinished()).toEqual([]);
});

describe('shared files', () => {
  test('every regular file in the share, except hidden files and litter', async () => {
    const folder = await TempFolder.forTest();
    for (const path of [
      'a.txt',
      'b/c/d.txt',
      'ä ö.txt',
      '.hidden',
      'b/.git/config',
      'x.part',
      'b/y~',
      'Temp/z',
      'Thumbs.db',
    ])
      await folder.write(`share/${path}`, path);
    await folder.write('outside/secret', 'secret');
    await symlink(folder.at('outside/secret'), folder.at('share/link-to-file'));
    await symlink(folder.at('outside'), folder.at('share/link-to-folder'));
    await symlink(folder.at('share/a.txt'), folder.at('share/inner-link'));
    execFileSync('mkfifo', [folder.at('share/pipe')]);
    const { manager } = await startManager(folder);
    expect(pathsOf(manager)).toEqual(['a.txt', 'b/c/d.txt', 'ä ö.txt']);
    expect(manager.list('b/').map((file) => file.path)).toEqual(['b/c/d.txt']);
    expect(manager.findPath('a.txt')).toMatchObject({ size: 5 });
    expect(manager.status()).toMatchObject({ files: 3, scanned: true, mode: 'watching' });
  });

  test('names the protocol cannot carry are reported, not shared', async () => {
    const folder = await TempFolder.forTest();
    await mkdir(folder.at('share'), { recursive: true });
    await writeFile(
      Buffer.concat([Buffer.from(`${folder.at('share')}/bad-`), Buffer.from([0xff, 0xfe])]),
      'x',
    );
    await folder.write(
      `share/${'d'.repeat(250)}/${'e'.repeat(250)}/${'f'.repeat(250)}/${'g'.repeat(250)}`,
      'x',
    );
    const { manager, problems } = await startManager(folder);
    expect(pathsOf(manager)).toEqual([]);
    expect(problems).toHaveLength(2);
    expect(problems.join()).toMatch(
      /not valid UTF-8.*longer than 1000 bytes|longer than 1000 bytes.*not valid UTF-8/s,
    );
    expect(manager.status().problems).toHaveLength(2);
  });

  test('of many problems the status lists the last 20', async () => {
    const folder = await TempFolder.forTest();
    await mkdir(folder.at('share'), { recursive: true });
    for (let n = 0; n < 25; n++)
      await writeFile(Buffer.concat([Buffer.from(`${folder.at('share')}/${n}-`), Buffer.from([0xff])]), 'x');
    const { manager, problems } = await startManager(folder);
    expect(problems).toHaveLength(25);
    expect(manager.status().problems).toHaveLength(20);
    expect(problems.at(-1)).toContain(manager.status().problems[0]?.path);
  });

  test('a new folder is scanned twice: files written before it was watched are found too', async () => {
    const folder = await TempFolder.forTest();
    let report: ((path: string) => void) | undefined;
    const { manager } = await startManager(folder, {
      seams: {
        watch: (_, events) => {
          report = events.folderChanged;
          return { ready: Promise.resolve(), close: async () => {} };
        },
      },
    });
    await folder.write('share/new/first', 'x');
    report?.('new');
    await eventually(() => expect(pathsOf(manager)).toEqual(['new/first']));
    await folder.write('share/new/second', 'y');
    await eventually(() => expect(pathsOf(manager)).toEqual(['new/first', 'new/second']));
  });

  test('the catalog follows new, written, renamed, moved and removed files', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/old/one', '1');
    const { manager } = await startManager(folder);
    const before = manager.findPath('old/one')?.fileId;

    await folder.write('share/new/deep/two', '2');
    await eventually(() => expect(pathsOf(manager)).toEqual(['new/deep/two', 'old/one']));
    await writeFile(folder.at('share/old/one'), 'changed');
    await eventually(() => expect(manager.findPath('old/one')?.fileId).not.toBe(before));
    await eventually(() => expect(manager.findPath('old/one')?.size).toBe(7));
    await rename(folder.at('share/old'), folder.at('share/moved'));
    await eventually(() => expect(pathsOf(manager)).toEqual(['moved/one', 'new/deep/two']));
    await folder.write('share/moved/three', '3');
    await eventually(() => expect(pathsOf(manager)).toContain('moved/three'));
    await rm(folder.at('share/new'), { recursive: true });
    await eventually(() => expect(pathsOf(manager)).toEqual(['moved/one', 'moved/three']));
    await rename(folder.at('share/moved'), folder.at('elsewhere'));
    await symlink(folder.at('elsewhere'), folder.at('share/moved'));
    await eventually(() => expect(pathsOf(manager)).toEqual([]));
  });

  test('renaming a file or a folder hashes nothing', async () => {
    const folder = await TempFolder.forTest();
    for (let n = 0; n < 20; n++) await folder.write(`share/a/${n}`, `content ${n}`);
    const { asked, makeHasher } = countingHasher();
    const { manager } = await startManager(folder, { seams: { makeHasher } });
    expect(asked).toHaveLength(20);
    const ids = manager.list('').map((file) => file.fileId);
    await rename(folder.at('share/a'), folder.at('share/b'));
    await rename(folder.at('share/b/3'), folder.at('share/three'));
    await eventually(() => expect(pathsOf(manager)).toHaveLength(20));
    await eventually(() => expect(manager.list('b')).toHaveLength(19));
    await eventually(() => expect(manager.findPath('three')).toBeDefined());
    expect(
      manager
        .list('')
        .map((file) => file.fileId)
        .sort(),
    ).toEqual(ids.sort());
    expect(asked).toHaveLength(20);
    expect(
      (await manager.describe(manager.findPath('three')?.fileId ?? ids[0] ?? ('' as never))).chunkHashes,
    ).toHaveLength(1);
  });

  test('a file that is being written is shared after its quiet period', async () => {
    const folder = await TempFolder.forTest();
    const { asked, makeHasher } = countingHasher();
    const { manager } = await startManager(folder, {
      seams: { makeHasher },
      scan: { quietMs: 1_500, coalesceMs: 10 },
    });
    for (let n = 0; n < 8; n++) {
      await writeFile(folder.at('share/growing'), 'x'.repeat(n + 1));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(asked).toEqual([]);
    }
    await eventually(() => expect(manager.findPath('growing')?.size).toBe(8));
    expect(asked).toEqual(['growing']);
  });

  test('without watches the share is re-scanned, which is reported once', async () => {
    const folder = await TempFolder.forTest();
    let limited: ((code: string) => void) | undefined;
    let closed = 0;
    const { manager } = await startManager(folder, {
      scan: { quietMs: 10, coalesceMs: 10, rescanMs: 50 },
      seams: {
        watch: (_, events) => {
          limited = events.limited;
          return { ready: Promise.resolve(), close: async () => void closed++ };
        },
      },
    });
    const told: string[] = [];
    manager.on('watchLimited', (text) => told.push(text));
    limited?.('ENOSPC');
    limited?.('ENOSPC');
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('max_user_watches');
    expect(closed).toBe(1);
    expect(manager.status().mode).toBe('re-scanning');
    await folder.write('share/found', 'x');
    await eventually(() => expect(pathsOf(manager)).toEqual(['found']));
    await rm(folder.at('share/found'));
    await eventually(() => expect(pathsOf(manager)).toEqual([]));
  });

  test('an unreadable file is reported once and retried when it changes', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/locked', 'x');
    await folder.write('share/open', 'y');
    const { makeHasher } = countingHasher();
    let refuse = true;
    const { manager, problems } = await startManager(folder, {
      seams: {
        makeHasher: () => {
          const inner = makeHasher();
          return {
            ...inner,
            hash: async (root, paths, progress) => {
              const outcomes = await inner.hash(root, paths, progress);
              return outcomes.map((outcome, index) =>
                refuse && paths[index] === 'locked'
                  ? { kind: 'failed', code: 'EACCES', reason: '' }
                  : outcome,
              );
            },
          };
        },
      },
    });
    expect(pathsOf(manager)).toEqual(['open']);
    expect(problems).toEqual(['locked: cannot be read (EACCES)']);
    await manager.rescan();
    expect(problems).toHaveLength(1);
    refuse = false;
    await chmod(folder.at('share/locked'), 0o644);
    await manager.rescan();
    await eventually(() => expect(pathsOf(manager)).toEqual(['locked', 'open']));
  });
});

test('names that are not shared are counted by reason, until they are shared or gone', async () => {
  const folder = await TempFolder.forTest();
  for (const path of ['a', '.hidden', '.git/config', 'x.part', 'd/y~'])
    await folder.write(`share/${path}`, path);
  await symlink(folder.at('share/a'), folder.at('share/d/link'));
  const { manager, problems } = await startManager(folder);
  const link = 'is a link: put the file itself here to share it';
  expect(problems).toEqual([`d/link: ${link}`]);
  const count = (facts: readonly { count: number }[]) => facts.map((each) => each.count);
  expect(manager.status()).toMatchObject({
    mode: 'watching',
    readOnly: false,
    problems: [{ path: 'd/link', reason: link }],
    notShared: [{ reason: link, count: 1 }],
  });
  expect(count(manager.status().ignored)).toEqual([2, 2]);
  await rm(folder.at('share/d/link'));
  await folder.write('share/d/link', 'a file now');
  await eventually(() => expect(pathsOf(manager)).toEqual(['a', 'd/link']));
  expect(manager.status()).toMatchObject({ problems: [], notShared: [] });
  await rename(folder.at('share/x.part'), folder.at('share/x'));
  await eventually(() => expect(pathsOf(manager)).toContain('x'));
  await eventually(() => expect(count(manager.status().ignored)).toEqual([2, 1]));
  await rm(folder.at('share/.git'), { recursive: true });
  await eventually(() => expect(count(manager.status().ignored)).toEqual([1, 1]));
});

test('a growing log does not delay a rescan; it is reported, and shared after its quiet period', async () => {
  const folder = await TempFolder.forTest();
  const scan = { quietMs: 700, coalesceMs: 10 };
  const { manager } = await startManager(folder, { scan });
  let line = 0;
  const writing = setInterval(() => appendFileSync(folder.at('share/log'), `${line++}\n`), 100);
  await eventually(() => expect(manager.status().hashing).toMatchObject({ files: 1, waiting: 1 }));
  await folder.write('share/other', 'x');
  await manager.rescan();
  expect(pathsOf(manager)).toEqual(['other']);
  expect(manager.status().problems).toEqual([
    { path: 'log', reason: expect.stringContaining('being written') },
  ]);
  await manager.rescan();
  // The log has not rested meanwhile.
  expect(pathsOf(manager)).toEqual(['other']);
  clearInterval(writing);
  await eventually(() => expect(pathsOf(manager)).toEqual(['log', 'other']));
  expect(manager.status().problems).toEqual([]);
});

describe('a share folder that comes and goes', () => {
  test('deleted and created again: nothing is shared, then its files, with a notice', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/sub/a', 'x');
    const { manager, problems } = await startManager(folder);
    const notices: string[] = [];
    manager.on('notice', (text) => notices.push(text));
    await rm(folder.at('share'), { recursive: true });
    await eventually(() => expect(manager.status().mode).toBe('gone'));
    expect(manager.status().gone?.reason).toBe('it does not exist');
    expect(problems).toEqual([expect.stringMatching(/gone .*nothing is shared/)]);
    await eventually(() => expect(pathsOf(manager)).toEqual([]));
    await manager.rescan();

    await folder.write('share/sub/b', 'y');
    await eventually(() => expect(pathsOf(manager)).toEqual(['sub/b']));
    await eventually(() => expect(notices).toEqual([expect.stringContaining('is back')]));
    expect(manager.status().mode).toBe('watching');
    await folder.write('share/sub/c', 'z');
    await eventually(() => expect(pathsOf(manager)).toEqual(['sub/b', 'sub/c']));
    const { content, description } = madeFile(2 * MIB);
    const part = await manager.open(description, 'film');
    for (let chunk = 0; chunk < 2; chunk++) await writeChunk(part, content, chunk);
    await part.finish();
    expect(pathsOf(manager)).toContain('film');
  });

  test('replaced by a link to a folder outside: nothing of that is shared', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/a', 'x');
    await folder.write('outside/secret', 'x');
    const { manager } = await startManager(folder);
    await rename(folder.at('share'), folder.at('away'));
    await symlink(folder.at('outside'), folder.at('share'));
    await eventually(() => expect(manager.status().gone?.reason).toContain('link'));
    await manager.rescan();
    expect(pathsOf(manager)).toEqual([]);
    await rm(folder.at('share'));
    await rename(folder.at('away'), folder.at('share'));
    await eventually(() => expect(pathsOf(manager)).toEqual(['a']));
  });

  test('replaced by an empty folder, and empty at the next start: both are reported', async () => {
    const folder = await TempFolder.forTest();
    await folder.write('share/a', 'x');
    const cacheDir = folder.at('cache');
    const first = await startManager(folder, { cacheDir });
    await rename(folder.at('share'), folder.at('away'));
    await mkdir(folder.at('share'));
    const warning = expect.stringMatching(/is empty \(files before: 1\)/);
    await eventually(() => expect(first.problems.at(-1)).toEqual(warning));
    await first.manager.close();
    const second = await startManager(folder, { cacheDir });
    expect(second.problems).toEqual([warning]);
    await rm(folder.at('share'), { recursive: true });
    await rename(folder.at('away'), folder.at('share'));
    const { asked, makeHasher } = countingHasher();
    await second.manager.close();
    const third = await startManager(folder, { cacheDir, seams: { makeHasher } });
    expect([pathsOf(third.manager), asked, third.problems]).toEqual([['a'], [], []]);
  });
});

test('the text for searches is built when the share is scanned, not by the first search', async () => {
  const prepared = vi.spyOn(Catalog.prototype, 'prepareSearch');
  onTestFinished(() => prepared.mockRestore());
  const folder = await TempFolder.forTest();
  await folder.write('share/song.mp3', 'x');
  await startManager(folder);
  await eventually(() => expect(prepared.mock.results).toEqual([{ type: 'return', value: false }]));
});

test('closing twice, before the scan is over, and before start', async () => {
  const folder = await TempFolder.forTest();
  for (let n = 0; n < 50; n++) await folder.write(`share/${n}`, `${n}`);
  const { manager } = await startManager(folder);
  await Promise.all([manager.close(), manager.close()]);
  await expect(manager.start()).rejects.toMatchObject({ code: 'CLOSED' });
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Catalog } from '../../Peer/Files/Catalog/Catalog.ts';
import { MemoryHashCache } from '../../Peer/Files/Hashing/HashCache.ts';
import { inlineHasher } from '../../Peer/Files/Hashing/Hasher.ts';
import type { CatalogFeed, ChunkProvider } from '../../Peer/Network/Ports.ts';
import type { DownloadStorage } from '../../Peer/Storage.ts';
import { fileIdOf, hashBytes } from '../../Protocol/FileId.ts';
import { SimulatedClock } from '../Support/SimulatedClock.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { eventually, pathsOf, startManager } from './Files/manager.ts';
import { madeFile, writeChunk } from './Files/Parts/parts.ts';

const MIB = 1_024 * 1_024;

/** An inline hasher that records the paths of its requests. */
function countingHasher() {
  const asked: string[] = [];
  const makeHasher = () => {
    const inner = inlineHasher();
    return {
      ...inner,
      hash: (...args: Parameters<typeof inner.hash>) => {
        asked.push(...args[1]);
        return inner.hash(...args);
      },
      hashPart: (...args: Parameters<typeof inner.hashPart>) => {
        asked.push(args[1]);
        return inner.hashPart(...args);
      },
    };
  };
  return { asked, makeHasher };
}

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

describe('serving', () => {
  test('any range of any shared file can be read, and no other', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB + 300);
    await folder.write('share/large', content);
    await folder.write('share/small', 'hello world');
    await folder.write('share/empty', '');
    const { manager } = await startManager(folder);
    const into = Buffer.alloc(300);
    await manager.read(description.fileId, 2, 0, into);
    expect(into.equals(content.subarray(2 * MIB))).toBe(true);
    await manager.read(description.fileId, 0, MIB - 300, into);
    expect(into.equals(content.subarray(MIB - 300, MIB))).toBe(true);
    const small = manager.findPath('small')?.fileId ?? ('' as never);
    const word = Buffer.alloc(5);
    await manager.read(small, 0, 6, word);
    expect(word.toString()).toBe('world');
    for (const [chunk, offset] of [
      [0, 7],
      [1, 0],
      [-1, 0],
      [0, -1],
    ] as const)
      await expect(manager.read(small, chunk, offset, word)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const empty = manager.findPath('empty')?.fileId ?? ('' as never);
    expect((await manager.describe(empty)).chunkHashes).toEqual([]);
    await expect(manager.read('0'.repeat(64) as never, 0, 0, word)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test.each([10, MIB + 10])(
    'a file of %i bytes that changed is refused, then served with its new content',
    async (size) => {
      const folder = await TempFolder.forTest();
      const old = madeFile(size);
      const next = madeFile(size, 100);
      const path = await folder.write('share/file', old.content);
      await utimes(path, 1_000, 1_000);
      const { manager } = await startManager(folder, { seams: { watch: noWatch } });
      const into = Buffer.alloc(10);
      await manager.read(old.description.fileId, 0, 0, into);
      // The same length, and the old modification time put back: only the ctime differs.
      await writeFile(path, next.content);
      await utimes(path, 1_000, 1_000);
      await expect(manager.read(old.description.fileId, 0, 0, into)).rejects.toMatchObject({
        code: 'FILE_CHANGED',
      });
      await eventually(() => expect(manager.holdings(next.description.fileId)).toBe('all'));
      expect(manager.holdings(old.description.fileId)).toBeUndefined();
      await manager.read(next.description.fileId, 0, 0, into);
      expect(into.equals(next.content.subarray(0, 10))).toBe(true);
    },
  );

  test.each([10, MIB + 10])(
    'a file of %i bytes that got a hard link outside the share stays shared',
    async (size) => {
      const folder = await TempFolder.forTest();
      const { content, description } = madeFile(size);
      const path = await folder.write('share/file', content);
      const { asked, makeHasher } = countingHasher();
      const wait = { quietMs: 300, coalesceMs: 10 };
      await utimes(path, 1_000, 1_000);
      const { manager } = await startManager(folder, { seams: { watch: noWatch, makeHasher }, scan: wait });
      await eventually(() => expect(manager.holdings(description.fileId)).toBe('all'));
      const { version } = manager;
      await link(path, folder.at('elsewhere'));
      const into = Buffer.alloc(10);
      for (const offset of [0, size - 10]) {
        const chunk = Math.floor(offset / MIB);
        await manager.read(description.fileId, chunk, offset - chunk * MIB, into);
        expect(into).toEqual(content.subarray(offset, offset + 10));
      }
      expect(asked).toEqual(['file']);
      // Hashed again without a new catalog version.
      await eventually(() => expect(asked).toEqual(['file', 'file']));
      await eventually(() => expect(manager.readNow(description.fileId, size, 0, into)).toBe(size === 10));
      expect(manager.version).toBe(version);
    },
  );

  test('a chunk with other bytes is not served, even if only the ctime of the file changed', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB);
    const path = await folder.write('share/file', content);
    await utimes(path, 1_000, 1_000);
    const { manager } = await startManager(folder, { seams: { watch: noWatch } });
    const other = Buffer.from(content);
    other[2 * MIB - 1] = (other[2 * MIB - 1] ?? 0) ^ 1;
    await writeFile(path, other);
    await utimes(path, 1_000, 1_000);
    const into = Buffer.alloc(10);
    await manager.read(description.fileId, 0, 0, into);
    expect(into).toEqual(content.subarray(0, 10));
    // NOT_FOUND: the read before has the file hashed again, which may be done by now.
    await expect(manager.read(description.fileId, 1, 0, into)).rejects.toMatchObject({
      code: expect.stringMatching(/FILE_CHANGED|NOT_FOUND/),
    });
    expect(manager.holdings(description.fileId)).toBeUndefined();
  });

  test.each([10, MIB + 10])(
    'a file of %i bytes that became a link out of the share is not served',
    async (size) => {
      const folder = await TempFolder.forTest();
      const { content, description } = madeFile(size);
      await folder.write('share/d/file', content);
      await folder.write('outside/file', Buffer.alloc(size, 0xee));
      const { manager } = await startManager(folder, { seams: { watch: noWatch } });
      await rename(folder.at('share/d'), folder.at('share/gone'));
      await symlink(folder.at('outside'), folder.at('share/d'));
      const into = Buffer.alloc(10);
      await expect(manager.read(description.fileId, 0, 0, into)).rejects.toMatchObject({
        code: expect.stringMatching(/NOT_FOUND|FILE_CHANGED/),
      });
      expect(into.equals(Buffer.alloc(10))).toBe(true);
    },
  );

  test('a file overwritten while it is served never yields a mix of both contents', async () => {
    const folder = await TempFolder.forTest();
    const files = [madeFile(3 * MIB), madeFile(3 * MIB, 100)];
    const path = await folder.write('share/file', files[0]?.content ?? '');
    const { manager } = await startManager(folder);
    const into = Buffer.alloc(MIB);
    const started = Date.now();
    let served = 0;
    for (let round = 0; Date.now() - started < 1_500; round++) {
      const writing = round % 3 === 0 ? writeFile(path, files[round % 2]?.content ?? '') : undefined;
      for (const { content, description } of files) {
        const chunk = round % 3;
        const right = content.subarray(chunk * MIB, (chunk + 1) * MIB);
        const answer = await manager.read(description.fileId, chunk, 0, into).then(
          () => (into.equals(right) ? 'right' : 'wrong'),
          (failure: { code?: string }) => failure.code,
        );
        expect(['right', 'FILE_CHANGED', 'NOT_FOUND']).toContain(answer);
        if (answer === 'right') served++;
      }
      await writing;
      if (round % 6 === 0) await manager.rescan();
    }
    expect(served).toBeGreaterThan(0);
  });

  test('lost chunk hashes are recomputed', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB);
    await folder.write('share/file', content);
    const cache = new MemoryHashCache();
    const { manager } = await startManager(folder, { seams: { cache } });
    cache.remove('file');
    await expect(manager.describe(description.fileId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await eventually(() => expect(manager.find(description.fileId)).toBeDefined());
    expect(await manager.describe(description.fileId)).toEqual(description);
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
    expect(await manager.nameFolder(from ?? '', 'Class/')).toBe(folder.at('share/Class'));
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
    await manager.nameFolder('Class (incomplete)', 'Class/');
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
    await manager.nameFolder('Class (incomplete)', 'Class/');
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
    await manager.nameFolder('Class (incomplete)', 'Class/');
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
    await manager.nameFolder('Class (incomplete)', 'Class/');
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

test('closing twice, before the scan is over, and before start', async () => {
  const folder = await TempFolder.forTest();
  for (let n = 0; n < 50; n++) await folder.write(`share/${n}`, `${n}`);
  const { manager } = await startManager(folder);
  await Promise.all([manager.close(), manager.close()]);
  await expect(manager.start()).rejects.toMatchObject({ code: 'CLOSED' });
});

/** A watcher without events. */
const noWatch = () => ({ ready: Promise.resolve(), close: async () => {} });

test('the text for searches is built when the share is scanned, not by the first search', async () => {
  const prepared = vi.spyOn(Catalog.prototype, 'prepareSearch');
  onTestFinished(() => prepared.mockRestore());
  const folder = await TempFolder.forTest();
  await folder.write('share/song.mp3', 'x');
  await startManager(folder);
  await eventually(() => expect(prepared.mock.results).toEqual([{ type: 'return', value: false }]));
});

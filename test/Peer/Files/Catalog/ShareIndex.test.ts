import { expect, test, vi } from 'vitest';
import { Catalog } from '../../../../Peer/Files/Catalog/Catalog.ts';
import { REMEMBERED } from '../../../../Peer/Files/Catalog/FileTable.ts';
import { ShareIndex } from '../../../../Peer/Files/Catalog/ShareIndex.ts';
import { type FileState, fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import {
  type CachedFile,
  type CacheRecord,
  type HashCache,
  MemoryHashCache,
} from '../../../../Peer/Files/Hashing/HashCache.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const { signal } = new AbortController();
const SETTINGS = { quietMs: 700, quietMaxMs: 30_000, coalesceMs: 100, rescanMs: 30_000 };

/** State of a file of one byte: each content has its inode, each write its ctime. Last written long ago. */
function stateOf(content: number, change = 1, device = 1n): FileState {
  return fileState({ dev: device, ino: BigInt(content), size: 1n, mtimeNs: 1n, ctimeNs: BigInt(change) });
}

function descriptionOf(content: number): FileDescription {
  const chunkHashes = [hashBytes(Buffer.from(`${content}`))];
  return { fileId: fileIdOf(1, chunkHashes), layout: chunkLayout(1), chunkHashes };
}

function hashesOf(content: number) {
  const { fileId, chunkHashes } = descriptionOf(content);
  return [fileId, chunkHashes.join('')] as const;
}

function hashed(content: number, state: FileState) {
  const { fileId, chunkHashes } = descriptionOf(content);
  return { kind: 'hashed', state, fileId, hashes: chunkHashes.join('') } as const;
}

/** An index over a disk in a map, and a pool that records the queued files. */
function desk(cache: HashCache = new MemoryHashCache(), filesMax?: number) {
  const clock = new SimulatedClock();
  const disk = new Map<string, FileState>();
  const catalog = new Catalog();
  const queued: string[] = [];
  const removed: string[] = [];
  const problems: string[] = [];
  const resolved: string[] = [];
  const pool = {
    isFull: false,
    add: (path: string) => queued.push(path),
    remove: (path: string) => removed.push(path),
  };
  const index = new ShareIndex({
    clock,
    wallMs: clock.wallMs,
    settings: SETTINGS,
    catalog,
    cache,
    pool,
    stateNow: (path) => disk.get(path),
    problem: (path, reason) => problems.push(`${path}: ${reason}`),
    resolved: (path) => resolved.push(path),
    changed: () => {},
    ...(filesMax !== undefined && { filesMax }),
  });
  /** Writes a file, and reports it as a watch does. */
  const write = (path: string, state: FileState) => {
    disk.set(path, state);
    index.found(path, state);
  };
  const remove = (path: string) => {
    disk.delete(path);
    index.gone(path);
  };
  /** Adds a file that is hashed and in the catalog. */
  const share = (path: string, content: number, state = stateOf(content)) => {
    write(path, state);
    clock.advance(50);
    index.hashed(path, hashed(content, state));
  };
  const fileIdAt = (path: string) => catalog.findPath(path)?.fileId;
  return {
    clock,
    disk,
    catalog,
    cache,
    pool,
    queued,
    removed,
    problems,
    resolved,
    index,
    write,
    remove,
    share,
    fileIdAt,
  };
}

test('a hash is void when the file was changed while it was read; it is hashed again after twice the quiet period', () => {
  const { clock, disk, queued, index, write, fileIdAt } = desk();
  write('a', stateOf(1));
  clock.advance(0);
  expect(queued).toEqual(['a']);
  disk.set('a', { ...stateOf(1, 2), touchedMs: clock.wallMs() });
  index.hashed('a', hashed(1, stateOf(1)));
  expect(fileIdAt('a')).toBeUndefined();
  clock.advance(1_350);
  expect(queued).toEqual(['a']);
  clock.advance(100);
  expect(queued).toEqual(['a', 'a']);
  index.hashed('a', hashed(2, disk.get('a') ?? stateOf(1)));
  expect(fileIdAt('a')).toBe(descriptionOf(2).fileId);
});

test('the hash of a file that was removed while it was read is not used', () => {
  const { clock, disk, removed, index, write, remove, catalog } = desk();
  write('a', stateOf(1));
  write('b', stateOf(2));
  clock.advance(0);
  remove('a');
  expect(removed).toEqual(['a']);
  index.hashed('a', hashed(1, stateOf(1)));
  disk.delete('b'); // No event yet.
  index.hashed('b', hashed(2, stateOf(2)));
  expect(catalog.list('')).toEqual([]);
});

test('a file is queued once for a state, however often it is found', () => {
  const { clock, queued, index, write } = desk();
  for (let n = 0; n < 3; n++) {
    write('a', stateOf(1));
    clock.advance(1_000);
  }
  index.hashed('a', hashed(1, stateOf(1)));
  write('a', stateOf(1));
  clock.advance(1_000);
  expect(queued).toEqual(['a']);
});

test('a write without an event during the quiet period restarts it', () => {
  const { clock, disk, queued, write } = desk();
  const fresh = (change: number) => ({ ...stateOf(1, change), touchedMs: clock.wallMs() });
  write('a', fresh(1));
  clock.advance(600);
  disk.set('a', fresh(2));
  clock.advance(700);
  expect(queued).toEqual([]);
  clock.advance(200);
  expect(queued).toEqual(['a']);
});

test('an unreadable file is a problem once, and read again when its state changes', () => {
  const { clock, queued, problems, index, write } = desk();
  const failure = { kind: 'failed', code: 'EACCES', reason: '' } as const;
  write('a', stateOf(1));
  clock.advance(0);
  index.hashed('a', failure);
  write('a', stateOf(1));
  clock.advance(1_000);
  expect([queued, problems]).toEqual([['a'], ['a: cannot be read (EACCES)']]);
  write('a', stateOf(1, 2));
  clock.advance(1_000);
  expect(queued).toEqual(['a', 'a']);
});

test('a changed file is withdrawn; if only its ctime changed, it is served until it is hashed again', () => {
  const { clock, disk, queued, index, share, fileIdAt } = desk();
  share('a', 1);
  share('b', 2);
  disk.set('a', stateOf(1, 2));
  index.metadataChanged('a');
  disk.set('b', stateOf(3));
  index.invalidate('b');
  expect([fileIdAt('a'), fileIdAt('b')]).toEqual([descriptionOf(1).fileId, undefined]);
  clock.advance(1_000);
  expect(queued).toEqual(['a', 'b', 'a', 'b']);
  disk.clear();
  index.metadataChanged('a');
  index.invalidate('b');
  expect(fileIdAt('a')).toBeUndefined();
});

test('a renamed file keeps its hash; a second hard link of a file that is still there is hashed', () => {
  const { clock, disk, queued, index, share, write, fileIdAt, cache } = desk();
  share('a', 1);
  disk.delete('a');
  write('b', stateOf(1, 2)); // A rename changes the ctime.
  expect([fileIdAt('a'), fileIdAt('b')]).toEqual([undefined, descriptionOf(1).fileId]);
  expect([cache.hashes('a'), cache.hashes('b')?.length]).toEqual([undefined, 32]);
  write('link', stateOf(1, 3));
  clock.advance(0);
  expect(queued).toEqual(['a', 'link']);
  index.hashed('link', hashed(1, stateOf(1, 3)));
  expect(fileIdAt('link')).toBe(descriptionOf(1).fileId);
});

test('after a restart a file in the same state keeps its hash, also on a remounted disk; any other is hashed', async () => {
  const first = desk();
  for (const n of [1, 2, 3]) first.share(`${n}`, n);
  const { index, write, queued, clock, fileIdAt, cache } = desk(first.cache);
  await index.loadCache(signal, () => {});
  write('1', stateOf(1, 1, 7n));
  write('2', stateOf(2, 2));
  clock.advance(0);
  expect([fileIdAt('1'), fileIdAt('2'), queued]).toEqual([descriptionOf(1).fileId, undefined, ['2']]);
  index.pruneCache();
  expect([cache.hashes('1')?.length, cache.hashes('3')]).toEqual([32, undefined]);
});

test('after a restart a file has the mode of its disk, also when the cache does not know it; its row is not written again', async () => {
  const first = desk();
  first.share('tool', 1);
  const { index, write, catalog, cache, queued } = desk(first.cache);
  await index.loadCache(signal, () => {});
  const puts = vi.spyOn(catalog.table, 'put');
  const stored = vi.spyOn(cache, 'put');
  write('tool', { ...stateOf(1), executable: true });
  expect(catalog.findPath('tool')).toMatchObject({ executable: true, fileId: descriptionOf(1).fileId });
  expect([catalog.files, catalog.bytes, catalog.version]).toEqual([1, 1, 1]);
  expect(catalog.list('')).toHaveLength(1);
  expect(Array.from(catalog.withWords(['tool']), ({ path }) => path)).toEqual(['tool']);
  expect([puts.mock.calls, stored.mock.calls, queued]).toEqual([[], [], []]);
});

test('a share that is empty, perhaps an unmounted disk, keeps its cached hashes', async () => {
  const first = desk();
  first.share('a', 1);
  const { index, cache } = desk(first.cache);
  await index.loadCache(signal, () => {});
  index.pruneCache();
  expect(cache.hashes('a')).toHaveLength(32);
});

test('a downloaded file is shared without hashing, unless its path is never shared', () => {
  const { index, queued, catalog, write, clock } = desk();
  for (const path of ['film.mkv', '.hidden', 'Temp/x', 'a'.repeat(1_001)])
    index.adopt(path, stateOf(1), ...hashesOf(1));
  write('film.mkv', stateOf(1));
  clock.advance(1_000);
  expect(catalog.list('').map(({ path }) => path)).toEqual(['film.mkv']);
  expect(queued).toEqual([]);
});

test('lost chunk hashes: the file is withdrawn and hashed again', () => {
  const { clock, index, share, queued, fileIdAt, cache } = desk();
  share('a', 1);
  index.rehash('a');
  expect([fileIdAt('a'), cache.hashes('a')]).toEqual([undefined, undefined]);
  clock.advance(1_000);
  expect(queued).toEqual(['a', 'a']);
});

test('settled waits for the files pending now, not for later ones; close releases it', async () => {
  const { clock, index, write, remove } = desk();
  let settled = 0;
  const wait = () => void index.settled().then(() => settled++);
  for (const n of [1, 2, 3]) write(`${n}`, { ...stateOf(n), touchedMs: n === 3 ? clock.wallMs() : 1 });
  clock.advance(0);
  wait();
  write('later', stateOf(9));
  index.hashed('1', hashed(1, stateOf(1)));
  remove('2');
  await clock.flush();
  expect(settled).toBe(0);
  remove('3');
  await clock.flush();
  expect(settled).toBe(1);
  wait();
  index.close();
  await clock.flush();
  expect(settled).toBe(2);
  wait(); // As a scan does that ends while the peer closes.
  await clock.flush();
  expect(settled).toBe(3);
});

test('due files wait while the pool is full', () => {
  const { clock, index, pool, queued, write } = desk();
  pool.isFull = true;
  for (let n = 0; n < 3; n++) write(`${n}`, stateOf(n));
  write('new', { ...stateOf(3), touchedMs: clock.wallMs() });
  clock.advance(10_000);
  expect([queued, index.pending]).toEqual([[], { files: 4, bytes: 4, waiting: 1 }]);
  pool.isFull = false;
  clock.advance(50);
  expect(queued).toEqual(['new', '0', '1', '2']);
});

test('thousands of due files are queued 500 at a time', () => {
  const { clock, queued, write } = desk();
  for (let n = 0; n < 1_200; n++) write(`${n}`, stateOf(n));
  let between = 0;
  clock.after(0, () => {
    between = queued.length;
  });
  clock.advance(0);
  expect([between, queued.length]).toEqual([500, 1_200]);
});

test('files beyond the limit are not shared, which is reported once', () => {
  const { index, catalog, problems } = desk(undefined, 3);
  for (let n = 0; n < 6; n++) index.adopt(`f${n}`, stateOf(n), ...hashesOf(n));
  index.adopt('f0', stateOf(0, 2), ...hashesOf(0)); // Shared already: its new state takes no room.
  expect(catalog.files).toBe(3);
  expect(index.stateOf('f0')).toEqual(stateOf(0, 2));
  expect(problems).toEqual([expect.stringMatching(/^f3: more than 3 files/)]);
});

test('a million files are shared by default', () => {
  const { index, catalog, problems } = desk();
  const files = vi.spyOn(catalog, 'files', 'get').mockReturnValue(999_999);
  index.adopt('last', stateOf(1), ...hashesOf(1));
  files.mockReturnValue(1_000_000);
  index.adopt('over', stateOf(2), ...hashesOf(2));
  expect(problems).toEqual([expect.stringMatching(/^over: more than 1000000 files/)]);
});

test('hashes of removed files are kept for as many files, then the oldest are dropped', () => {
  const { share, remove, cache } = desk(undefined, 3);
  for (let n = 0; n < 4; n++) {
    share(`f${n}`, n);
    remove(`f${n}`);
  }
  const kept = [0, 1, 2, 3].map((n) => cache.hashes(`f${n}`) !== undefined);
  expect(kept).toEqual([false, true, true, true]);
});

test('a file written all the time: settled does not wait, the file is withdrawn, and shared when it rests', async () => {
  const { clock, disk, problems, resolved, queued, index, share, write, fileIdAt } = desk();
  share('log', 1);
  let settled = 0;
  for (let n = 2; n <= 12; n++) {
    write('log', { ...stateOf(1, n), touchedMs: clock.wallMs() });
    if (n === 3) void index.settled().then(() => settled++);
    clock.advance(300);
    await clock.flush();
    if (n === 4) expect([settled, fileIdAt('log')]).toEqual([0, descriptionOf(1).fileId]);
  }
  clock.advance(300);
  await clock.flush();
  expect([settled, fileIdAt('log')]).toEqual([1, undefined]);
  expect(problems).toEqual([expect.stringContaining('log: is being written')]);
  await index.settled();
  queued.length = 0;
  clock.advance(30_000);
  expect(queued).toEqual(['log']);
  index.hashed('log', hashed(2, disk.get('log') ?? stateOf(1)));
  expect(fileIdAt('log')).toBe(descriptionOf(2).fileId);
  expect(resolved.at(-1)).toBe('log');
});

test('an unreadable file is retried every 30 s: out of descriptors, a folder without permission', () => {
  const { clock, queued, problems, index, write, fileIdAt } = desk();
  const failure = { kind: 'failed', code: 'EMFILE', reason: '' } as const;
  write('a', stateOf(1));
  clock.advance(0);
  for (let n = 1; n <= 3; n++) {
    index.hashed('a', failure);
    expect(queued).toHaveLength(n);
    clock.advance(29_000);
    expect(queued).toHaveLength(n);
    clock.advance(1_100);
  }
  index.hashed('a', hashed(1, stateOf(1)));
  expect(fileIdAt('a')).toBe(descriptionOf(1).fileId);
  expect(problems[0]).toBe('a: cannot be read (EMFILE)');
  expect(clock.pending).toBe(0);
});

test('a file whose folder was renamed is shared under its new path without being read, with its hashes', () => {
  const cache = new MemoryHashCache();
  const { index, catalog, share, disk, queued } = desk(cache);
  share('new/a', 1);
  const [state] = [disk.get('new/a')];
  disk.clear();
  const before = queued.length;
  index.folderMoved('new', 'old');
  index.moved('new/a', 'old/a');
  expect(catalog.list('').map(({ path, fileId }) => [path, fileId])).toEqual([
    ['old/a', descriptionOf(1).fileId],
  ]);
  expect(index.stateOf('old/a')).toEqual(state);
  expect([cache.hashes('new/a'), cache.hashes('old/a')?.length, queued.length]).toEqual([
    undefined,
    32,
    before,
  ]);
});

test('files of an earlier run whose folder was renamed are known under their new paths', async () => {
  const fileOf = (content: number) => ({
    state: stateOf(content),
    fileId: descriptionOf(content).fileId,
  });
  async function* load(): AsyncGenerator<readonly CacheRecord[]> {
    yield [
      { path: 'old/a', file: fileOf(9) },
      { path: 'new/a', file: fileOf(1) },
      { path: 'newer/a', file: fileOf(2) },
      { from: 'new', to: 'old' },
    ];
  }
  const cache: HashCache = Object.assign(new MemoryHashCache(), { load });
  const { index, catalog, queued, write } = desk(cache);
  await index.loadCache(signal, () => {});
  expect(catalog.table.countOf(REMEMBERED)).toBe(2);
  write('old/a', stateOf(1));
  write('newer/a', stateOf(2));
  expect(catalog.list('').map(({ path }) => path)).toEqual(['newer/a', 'old/a']);
  expect(queued).toEqual([]);
});

test('a moved file that is not shared is found as any other', () => {
  const { index, catalog, disk, queued, clock } = desk();
  disk.set('old/a', stateOf(1));
  index.moved('new/a', 'old/a');
  expect(catalog.list('')).toEqual([]);
  clock.advance(1_000);
  expect(queued.at(-1)).toBe('old/a');
});

test('a file from the future, as after a clock was set back, is shared once it is quiet', () => {
  const { clock, queued, write } = desk();
  write('later', { ...stateOf(1), touchedMs: clock.wallMs() + 1e12 });
  clock.advance(SETTINGS.quietMs - 1);
  expect(queued).toEqual([]);
  clock.advance(1);
  clock.advance(50); // The next check for due files.
  expect(queued).toEqual(['later']);
});

test('loading many files of an earlier run says so once, before the rest of them', async () => {
  const batch = (first: number): CachedFile[] =>
    Array.from({ length: 9_000 }, (_, n) => ({ path: `${first + n}`, file: hashed(1, stateOf(1)) }));
  const cache = new MemoryHashCache();
  let loaded = 0;
  cache.load = async function* () {
    for (const first of [0, 9_000, 18_000, 27_000]) {
      yield batch(first);
      loaded++;
    }
  };
  const after: number[] = [];
  await desk(cache).index.loadCache(signal, () => after.push(loaded));
  expect(after).toEqual([2]);
});

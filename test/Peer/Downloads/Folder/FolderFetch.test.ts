import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { FolderTable } from '../../../../Peer/Downloads/Folder/FolderTable.ts';
import type { FolderFile } from '../../../../Peer/Storage.ts';
import { fileIdOf } from '../../../../Protocol/FileId.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { sleep } from '../../../../Shared/Time/Clock.ts';
import { Desk, fileIdNumber } from '../Desk.ts';
import { MIB } from '../FakePeer.ts';

test('large and small files, an empty one, and equal contents at two paths', async () => {
  const desk = new Desk();
  const peers = [desk.network.peer(), desk.network.peer()];
  const files = desk.folder(20, 50_000, peers);
  const [large] = desk.folder(1, 20 * MIB, peers);
  const empty = { fileId: fileIdOf(0, []), size: 0, path: 'dir/empty', holders: [] };
  const twin = { ...files[3], path: 'dir/twin' } as FolderFile;
  const big = { ...large, fileId: fileIdNumber(99), path: 'dir/big' } as FolderFile;
  desk.wish(20 * MIB, peers, { fileId: fileIdNumber(99) });
  desk.network.sizes.set(fileIdNumber(0), 50_000);
  desk.downloads.addFolder({ path: 'dir', files: [...files, empty, twin, big] });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 23, files: 23, bytes: status.size });
  expect(desk.parts.copies).toEqual(['dir/twin']);
  await desk.close();
});

test('a file that is falsely listed as empty is fetched in its true size', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const [file] = desk.folder(1, 50_000, [peer]);
  desk.downloads.addFolder({ path: 'dir', files: [{ ...file, size: 0 } as FolderFile] });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 1 });
  expect(peer.sentBytes).toBe(50_000);
  await desk.close();
});

test('files of the own share are counted and not fetched', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const files = desk.folder(100, 50_000, [peer]);
  for (const { fileId, path } of files.slice(0, 60)) desk.parts.complete.set(fileId, `/share/${path}`);
  desk.downloads.addFolder({ path: 'dir', files });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100, bytesFromBefore: 3_000_000 });
  expect(peer.sentBytes).toBe(40 * 50_000);
  await desk.close();
});

test('of files without a holder the reason gives the count, the other files are kept, and resume retries them', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const files = desk.folder(100, 50_000, [peer]);
  for (const { fileId } of files.slice(0, 7)) peer.files.delete(fileId);
  desk.downloads.addFolder({ path: 'dir', files });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'failed', filesDone: 93 });
  expect(status.error?.message).toMatch(/^7 of 100 files/);

  for (const { fileId } of files) peer.has(fileId);
  await desk.downloads.resume(1);
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100 });
  expect(peer.sentBytes).toBe(100 * 50_000);
  await desk.close();
});

test('a full disk pauses a folder, which resumes by itself', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(100, 50_000, [peer]) });
  await desk.clock.advanceAsync(2_000);
  desk.parts.fault = new ShoalError('DISK_FULL', 'no space');
  expect(await desk.end()).toMatchObject({ state: 'paused', reason: 'disk full, again in 30 s' });
  desk.parts.fault = undefined;
  await desk.clock.advanceAsync(40_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'done', filesDone: 100 });
  expect(desk.parts.opened.size).toBe(0);
  await desk.close();
});

test('pause, resume and cancel of a folder', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(100, 50_000, [peer]) });
  await desk.clock.advanceAsync(2_000);
  await desk.clock.settle(desk.downloads.pause(1));
  const { filesDone } = desk.downloads.find('dir');
  await desk.clock.advanceAsync(5_000);
  const paused = { state: 'paused', filesDone, sources: [{ state: 'left' }] };
  expect(desk.downloads.find('DIR/')).toMatchObject(paused);
  await desk.downloads.resume(1);
  await desk.clock.advanceAsync(1_000);
  expect(desk.downloads.find('1').filesDone).toBeGreaterThan(filesDone);
  await desk.clock.settle(desk.downloads.cancel(1));
  expect(desk.downloads.find('1').state).toBe('cancelled');
  expect(desk.parts.opened.size).toBe(0);
  await desk.close();
});

test('a folder does not wait behind a large file from the same peer, nor the other way round', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(100 * MIB, [peer]));
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(200, 50_000, [peer]) });
  const small = await desk.end(2);
  expect(small.tookMs).toBeLessThan(3_500);
  expect(desk.downloads.list()[0]?.bytes).toBeGreaterThan(5 * MIB);
  await desk.close();
});

/** The state of a half-fetched folder after its program was killed. */
async function killed(desk: Desk, paused = false) {
  const peer = desk.network.peer(10e6);
  const small = desk.folder(300, 20_000, [peer]);
  const large = Array.from({ length: 20 }, (_, number) => {
    const { fileId, path } = desk.wish(2 * MIB, [peer], {
      fileId: fileIdNumber(1_000 + number),
      path: `dir/large ${number}`,
    });
    return { fileId, size: 2 * MIB, path, holders: [peer.holder] };
  });
  const files = [...small, ...large];
  desk.downloads.addFolder({ path: 'dir', files });
  await desk.clock.advanceAsync(2_500);
  if (paused) await desk.clock.settle(desk.downloads.pause(1));
  const { bytes, filesDone } = desk.downloads.find('1');
  expect(bytes).toBeGreaterThan(15e6);
  expect(filesDone).toBeLessThan(320);
  await desk.close();
  return { peer, files, bytes, filesDone };
}

test('after a restart a folder is one download, counts its finished files, and fetches no verified chunk again', async () => {
  const desk = new Desk();
  const { peer, bytes, filesDone } = await killed(desk);
  const sent = peer.sentBytes;
  const again = desk.manager();
  await again.start();
  expect(again.list()).toHaveLength(1);
  expect(again.list()[0]).toMatchObject({ path: 'dir/', fileId: undefined, files: 320 });
  const status = await desk.clock.settle(again.finished(1, new AbortController().signal), 60_000);
  expect(status).toMatchObject({ state: 'done', filesDone: 320, bytes: status.size, bytesFromBefore: bytes });
  expect(filesDone).toBeGreaterThan(0);
  expect(peer.sentBytes - sent).toBeLessThanOrEqual(status.size - bytes + 2 * MIB);
  expect([desk.parts.folders.size, desk.parts.left.size]).toEqual([0, 0]);
  await desk.clock.settle(again.close());
});

test('a folder record is written after two seconds, when the folder is queued, or when the program ends', async () => {
  const desk = new Desk(1, { maxDownloads: 1 });
  const peer = desk.network.peer(1e6);
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(200, 50_000, [peer]) });
  await desk.clock.advanceAsync(1_900);
  expect(desk.parts.folders.size).toBe(0);
  await desk.clock.advanceAsync(200);
  expect(desk.parts.folders.size).toBe(1);
  desk.downloads.addFolder({ path: 'other', files: desk.folder(2, 10, [peer]) });
  await desk.clock.advanceAsync(0);
  expect(desk.parts.folders.size).toBe(2);
  await desk.close();

  const early = new Desk();
  early.downloads.addFolder({ path: 'dir', files: early.folder(200, 50_000, [early.network.peer(1e6)]) });
  await early.clock.advanceAsync(500);
  await early.close();
  expect(early.parts.folders.size).toBe(1);

  const quick = new Desk();
  quick.downloads.addFolder({ path: 'dir', files: quick.folder(20, 5_000, [quick.network.peer(50e6)]) });
  expect(await quick.end()).toMatchObject({ state: 'done' });
  await quick.clock.advanceAsync(5_000);
  expect(quick.parts.kept).toBe(0);
  await quick.close();
});

test('the record of a folder of large files is written at once: a crash in its first second loses nothing', async () => {
  const desk = new Desk();
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(5, 4 * MIB, [desk.network.peer(1e6)]) });
  await desk.clock.advanceAsync(0);
  expect(desk.parts.folders.size).toBe(1);
  expect(await desk.end()).toMatchObject({ state: 'done' });
  expect(desk.parts.folders.size).toBe(0);
  await desk.close();
});

test('after a restart a folder waits until the share is known', async () => {
  const desk = new Desk();
  const { peer } = await killed(desk);
  const sent = peer.sentBytes;
  let known = () => {};
  desk.parts.scanning = new Promise((resolve) => {
    known = resolve;
  });
  const again = desk.manager();
  await again.start();
  await desk.clock.advanceAsync(5_000);
  expect(peer.sentBytes).toBe(sent);
  known();
  expect(await desk.clock.settle(again.finished(1, new AbortController().signal), 60_000)).toMatchObject({
    state: 'done',
  });
  await desk.clock.settle(again.close());
});

test('a paused folder stays paused after a restart and shows what it has; asked for again, it goes on', async () => {
  const desk = new Desk();
  const { peer, files, bytes, filesDone } = await killed(desk, true);
  const sent = peer.sentBytes;
  const again = desk.manager();
  await again.start();
  await desk.clock.advanceAsync(5_000);
  expect(again.list()).toMatchObject([{ state: 'paused', bytes, bytesFromBefore: bytes, filesDone }]);
  expect(peer.sentBytes).toBe(sent);
  expect(again.addFolder({ path: 'dir/', files }).number).toBe(1);
  expect(await desk.clock.settle(again.finished(1, new AbortController().signal), 60_000)).toMatchObject({
    state: 'done',
  });
  await desk.clock.settle(again.close());
});

test('a folder that is cancelled after a restart leaves nothing behind', async () => {
  const desk = new Desk();
  await killed(desk, true);
  expect(desk.parts.left.size).toBeGreaterThan(0);
  const again = desk.manager();
  await again.start();
  await desk.clock.settle(again.cancel(1));
  expect([desk.parts.folders.size, desk.parts.left.size]).toEqual([0, 0]);
  await desk.clock.settle(again.close());
});

test('a folder requested before its record of an earlier run is read is one download, and replaces that record', async () => {
  for (const end of ['done', 'cancelled']) {
    const desk = new Desk();
    const { files, peer } = await killed(desk);
    peer.bytesPerSecond = 100e6; // Over before it would be written down anew.
    const again = desk.manager();
    again.addFolder({ path: 'dir', files });
    await again.start();
    expect(again.list()).toHaveLength(1);
    if (end === 'cancelled') await desk.clock.settle(again.cancel(1));
    else await desk.clock.settle(again.finished(1, new AbortController().signal), 60_000);
    expect(again.list()).toMatchObject([{ state: end }]);
    expect(desk.parts.folders.size, end).toBe(0);
    await desk.clock.settle(again.close());
  }
});

test('the same folder is one download, other files of that name are another, each with a record of its own', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  const files = desk.folder(200, 50_000, [peer]);
  desk.downloads.addFolder({ path: 'dir', files: files.slice(0, 100) });
  desk.downloads.addFolder({ path: 'dir/', files: files.slice(100) });
  expect(desk.downloads.addFolder({ path: 'dir', files: files.slice(0, 100) }).number).toBe(1);
  expect(desk.downloads.addFolder({ path: 'dir', files: files.slice(100) }).number).toBe(2);
  expect(desk.downloads.list()).toHaveLength(2);
  await desk.clock.advanceAsync(2_100);
  expect(desk.parts.folders.size).toBe(2);
  await desk.clock.settle(desk.downloads.cancel(1));
  expect([...desk.parts.folders.values()].map((kept) => [...kept.files][0]?.path)).toEqual(['dir/100']);
  expect(await desk.end(2)).toMatchObject({ state: 'done' });
  expect(desk.parts.folders.size).toBe(0);
  await desk.close();
});

test('after a restart the holders of a folder are located again, and other holders of a file are tried', async () => {
  const desk = new Desk();
  const { peer, files } = await killed(desk);
  peer.reachable = false;
  const other = desk.network.peer();
  for (const { fileId } of files) other.has(fileId);
  desk.network.located.push(other);
  const again = desk.manager();
  await again.start();
  expect(await desk.clock.settle(again.finished(1, new AbortController().signal), 60_000)).toMatchObject({
    state: 'done',
  });
  await desk.clock.settle(again.close());
});

test('a folder larger than the free space is not started', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.parts.free = 4_999_999;
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(100, 50_000, [peer]) });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'paused', filesDone: 0 });
  expect(status.error?.message).toBe('5000000 are needed, 4999999 are free');
  expect(peer.sentBytes).toBe(0);
  await desk.close();
});

test('the reason why a folder stopped is reported, also when the disk does not even take its record', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  desk.parts.free = 1_000;
  desk.parts.fault = new ShoalError('DISK_FAILED', 'writing down a folder download failed');
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(3, 50_000, [peer]) });
  expect(await desk.end()).toMatchObject({ state: 'paused', error: { code: 'DISK_FULL' } });
  await desk.close();
});

test('the large files of a folder leave no listener on the signal that ends the folder', async () => {
  const add = vi.spyOn(AbortSignal.prototype, 'addEventListener');
  const desk = new Desk();
  const files = desk.folder(40, 2 * MIB, [desk.network.peer()]);
  desk.downloads.addFolder({ path: 'dir', files });
  const most = () =>
    Math.max(...(add.mock.contexts as AbortSignal[]).map((each) => getEventListeners(each, 'abort').length));
  let waiting = 0;
  desk.downloads.on('partialStarted', () => {
    waiting = Math.max(waiting, most());
  });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 40 });
  await desk.close();
  add.mockRestore();
  expect(waiting).toBeGreaterThan(0);
  expect(waiting).toBeLessThan(20); // Of 40 files, 8 at once.
});

/** Counts how many calls of an async function run at once. */
function concurrency() {
  const count = { now: 0, max: 0 };
  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    count.max = Math.max(count.max, ++count.now);
    try {
      return await work();
    } finally {
      count.now--;
    }
  };
  return { count, during };
}

test('of many files that every holder refuses, the trackers locate 200, eight at once', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const files = desk.folder(300, 1_000, [peer]);
  peer.refuses = 'not-found';
  const { count, during } = concurrency();
  let locates = 0;
  desk.network.queries.locate = () => {
    locates++;
    return during(async () => {
      await sleep(desk.clock, 10);
      return [];
    });
  };
  desk.downloads.addFolder({ path: 'dir', files });
  expect(await desk.end()).toMatchObject({ state: 'failed', filesDone: 0 });
  expect(locates).toBe(200);
  expect(count.max).toBe(8);
  await desk.close();
});

test('of many large files eight are fetched at once', async () => {
  const desk = new Desk();
  const files = desk.folder(40, 2 * MIB, [desk.network.peer()]);
  desk.downloads.addFolder({ path: 'dir', files });
  expect((await desk.end()).state).toBe('done');
  expect(desk.parts.openMax).toBe(8);
  await desk.close();
});

test('of many files that the share has elsewhere 64 are copied at once', async () => {
  const desk = new Desk();
  const files = desk.folder(200, 1_000, []);
  for (const { fileId } of files) desk.parts.complete.set(fileId, '/share/elsewhere');
  const { count, during } = concurrency();
  desk.parts.copyComplete = (_, path) =>
    during(async () => {
      await sleep(desk.clock, 10);
      return `/share/${path}`;
    });
  desk.downloads.addFolder({ path: 'dir', files });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 200 });
  expect(count.max).toBe(64);
  await desk.close();
});

test('a new folder gets its name when it is complete, also after a pause, and stays "(incomplete)" if it fails', async () => {
  const desk = new Desk();
  const named: string[] = [];
  const parts = Object.assign(desk.parts, {
    incompleteFolder: (path: string) => `${path.replace(/\/$/, '')} (incomplete)`,
    nameFolder: async (from: string, path: string) => {
      named.push(`${from} -> ${path}: ${parts.complete.size}`);
      return { path: '/share/dir', shared: Promise.resolve() };
    },
  });
  const peer = desk.network.peer(10e6);
  const files = desk.folder(20, 2 * MIB, [peer]);
  desk.downloads.addFolder({ path: 'dir', files });
  await desk.clock.advanceAsync(2_000);
  await desk.clock.settle(desk.downloads.pause(1));
  expect(named).toEqual([]);
  expect([...parts.complete.values()].every((path) => path.startsWith('/share/dir (incomplete)/'))).toBe(
    true,
  );
  await desk.downloads.resume(1);
  expect(await desk.end()).toMatchObject({ state: 'done', finalPath: '/share/dir' });
  expect(named).toEqual(['dir (incomplete) -> dir: 20']);
  const [first] = desk.folder(1, 3 * MIB, []);
  if (first === undefined) throw new Error('no file');
  desk.downloads.addFolder({
    path: 'other',
    files: [{ ...first, path: 'other/0', fileId: fileIdNumber(99) }],
  });
  const { error } = await desk.end(2);
  expect(error?.message).toMatch(/^1 of 1 files could not be fetched: .*other\/0/);
  expect(error?.hint).toContain('in "other (incomplete)"');
  expect(named).toHaveLength(1);
  await desk.close();
});

test('once a folder has its name its plan takes no memory, no pause is recorded, and it is named once', async () => {
  const desk = new Desk();
  let shared = () => {};
  const keep = vi.spyOn(desk.parts, 'keepFolder');
  const nameFolder = vi.fn(async () => ({
    path: '/share/dir',
    shared: new Promise<void>((resolve) => {
      shared = resolve;
    }),
  }));
  Object.assign(desk.parts, { incompleteFolder: () => 'dir (incomplete)', nameFolder });
  const files = FolderTable.of(desk.folder(20, 50_000, [desk.network.peer()]));
  desk.downloads.addFolder({ path: 'dir', files });
  await desk.clock.advanceAsync(5_000);
  expect(desk.downloads.list()).toMatchObject([{ filesDone: 20, files: 20 }]);
  expect(nameFolder).toHaveBeenCalled();
  expect(files.length).toBe(0);
  desk.downloads.addSource(fileIdNumber(0), desk.network.peer().holder);
  const paused = desk.downloads.pause(1);
  shared();
  await desk.clock.settle(paused);
  await desk.downloads.resume(1);
  expect(await desk.end()).toMatchObject({ state: 'done', finalPath: '/share/dir', filesDone: 20 });
  expect(nameFolder).toHaveBeenCalledTimes(1);
  expect(keep).not.toHaveBeenCalled();
  await desk.close();
});

test('a newest version that no source delivers is replaced by the next one, which is reported', async () => {
  const desk = new Desk();
  const [liar, honest] = [desk.network.peer(), desk.network.peer()];
  liar.lies = () => true;
  const [newest] = desk.folder(1, 50_000, [liar]);
  desk.network.located.push(honest);
  const older = desk.wish(40_000, [honest], { fileId: fileIdNumber(77) });
  if (newest === undefined) throw new Error('no file');
  const version = { copies: 1, isHere: false };
  const taken = { fileId: newest.fileId, size: 50_000, modifiedMs: 9, ...version };
  const others = [{ fileId: older.fileId, size: 40_000, modifiedMs: 5, ...version }];
  desk.downloads.addFolder({
    path: 'dir',
    files: [newest],
    versions: [{ path: newest.path, taken, others }],
  });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 1 });
  expect(status.versions).toEqual([
    { path: newest.path, taken: others[0], others: [taken], undelivered: true },
  ]);
  expect(honest.sentBytes).toBe(40_000);
  await desk.close();
});

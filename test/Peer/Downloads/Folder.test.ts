import { expect, test } from 'vitest';
import type { FolderFile } from '../../../Peer/DownloadManager.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { Desk, fileIdNumber } from './desk.ts';
import { type FakePeer, MIB } from './FakePeer.ts';

function folder(desk: Desk, count: number, size: number, holders: readonly FakePeer[]): FolderFile[] {
  return Array.from({ length: count }, (_, number) => {
    const { fileId, path } = desk.wish(size, holders, {
      fileId: fileIdNumber(number),
      path: `dir/${number}`,
    });
    return { fileId, size, path, holders: holders.map(({ holder }) => holder) };
  });
}

test('5,000 small files come through the window of their holder, without a round trip each', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(50e6);
  const files = folder(desk, 5_000, 4_096, [peer]);
  desk.downloads.addFolder({ path: 'dir', files });
  const status = await desk.end();

  expect(status).toMatchObject({
    state: 'done',
    path: 'dir/',
    filesDone: 5_000,
    bytes: 5_000 * 4_096,
    finalPath: '/share/dir',
  });
  // 20 MB at 50 MB/s take 410 ms.
  expect(status.tookMs).toBeLessThan(450);
  expect(peer.sentBytes).toBe(5_000 * 4_096);
  expect(desk.parts.openMax).toBeLessThanOrEqual(400);
  await desk.close();
});

test('small files come from all holders; a liar among them is named and its files come from the others', async () => {
  const desk = new Desk();
  const [liar, ...honest] = [desk.network.peer(), desk.network.peer(), desk.network.peer()];
  liar.lies = () => true;
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 300, 100_000, [liar, ...honest]) });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 300 });
  expect(desk.blamed).toEqual(['peer 1 distrusted', 'peer 1 distrusted', 'peer 1 banned']);
  expect(Math.min(...honest.map((peer) => peer.sentBytes))).toBeGreaterThan(10e6);
  await desk.close();
});

test('large and small files, an empty one, and equal contents at two paths', async () => {
  const desk = new Desk();
  const peers = [desk.network.peer(), desk.network.peer()];
  const files = folder(desk, 20, 50_000, peers);
  const [large] = folder(desk, 1, 20 * MIB, peers);
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

test('what is here already is counted and not fetched', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const files = folder(desk, 100, 50_000, [peer]);
  for (const { fileId, path } of files.slice(0, 60)) desk.parts.complete.set(fileId, `/share/${path}`);
  desk.downloads.addFolder({ path: 'dir', files });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100, bytesFromBefore: 3_000_000 });
  expect(peer.sentBytes).toBe(40 * 50_000);
  await desk.close();
});

test('files that nobody has after all: the rest is kept, the reason counts them, resume tries them again', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const files = folder(desk, 100, 50_000, [peer]);
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

test('the only holder goes and comes back: nothing fetched twice, nothing failed', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  const files = folder(desk, 100, 50_000, [peer]);
  desk.downloads.addFolder({ path: 'dir', files });
  await desk.clock.advanceAsync(2_000);
  peer.vanish();
  await desk.clock.advanceAsync(20_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'searching', reason: 'no source' });
  peer.reachable = true;
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 100 });
  expect(peer.sentBytes).toBeLessThan(101 * 50_000);
  await desk.close();
});

test('a full disk pauses a folder, and it goes on by itself', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1e6);
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 100, 50_000, [peer]) });
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
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 100, 50_000, [peer]) });
  await desk.clock.advanceAsync(2_000);
  await desk.clock.settle(desk.downloads.pause(1));
  const { filesDone } = desk.downloads.find('dir');
  await desk.clock.advanceAsync(5_000);
  expect(desk.downloads.find('DIR/')).toMatchObject({ state: 'paused', filesDone });
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
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 200, 50_000, [peer]) });
  const small = await desk.end(2);
  expect(small.tookMs).toBeLessThan(3_500);
  expect(desk.downloads.list()[0]?.bytes).toBeGreaterThan(5 * MIB);
  await desk.close();
});

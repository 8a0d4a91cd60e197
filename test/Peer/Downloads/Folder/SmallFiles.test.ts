import { expect, test } from 'vitest';
import type { FolderFile } from '../../../../Peer/Storage.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { Desk, fileIdNumber } from '../Desk.ts';
import type { FakePeer } from '../FakePeer.ts';

function bundleDesk(peers: number, bytesPerSecond = 10e6) {
  const desk = new Desk();
  desk.network.knowBundles = true;
  return { desk, peers: Array.from({ length: peers }, () => desk.network.peer(bytesPerSecond)) };
}

function folder(desk: Desk, count: number, size: number, holders: readonly FakePeer[]): FolderFile[] {
  return Array.from({ length: count }, (_, number) => {
    const { fileId, path } = desk.wish(size, holders, {
      fileId: fileIdNumber(number),
      path: `dir/${number}`,
    });
    return { fileId, size, path, holders: holders.map(({ holder }) => holder) };
  });
}

test('thousands of small files are asked for by the hundred', async () => {
  const { desk, peers } = bundleDesk(1, 50e6);
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 5_000, 4_096, peers) });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 5_000, bytes: 5_000 * 4_096 });
  expect(status).toMatchObject({ finalPath: '/share/dir' });
  expect(status.tookMs).toBeLessThan(450);
  expect(desk.network.bundles).toHaveLength(1);
  expect(desk.network.bundles[0]?.asked).toBeLessThanOrEqual(100);
  expect(desk.network.opens).toBe(0);
  await desk.close();
});

test('a liar is named and banned, and its files come from the others', async () => {
  const { desk, peers } = bundleDesk(3);
  const [liar] = peers;
  if (liar !== undefined) liar.lies = () => true;
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 300, 100_000, peers) });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 300 });
  expect(desk.blamed).toContain('peer 1 banned');
  expect(desk.blamed.every((each) => each.startsWith('peer 1 '))).toBe(true);
  await desk.close();
});

test('what one holder lacks comes from another; what nobody has is counted', async () => {
  const { desk, peers } = bundleDesk(2);
  const files = folder(desk, 100, 50_000, peers);
  for (const { fileId } of files.slice(0, 20)) peers[0]?.files.delete(fileId);
  for (const { fileId } of files.slice(10, 30)) peers[1]?.files.delete(fileId);
  desk.downloads.addFolder({ path: 'dir', files });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'failed', filesDone: 90 });
  expect(status.error?.message).toMatch(/^10 of 100 files/);
  await desk.close();
});

test('a bundle that is rejected is asked for file by file', async () => {
  const { desk, peers } = bundleDesk(1);
  for (const peer of peers) peer.rejects = 'changed';
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 40, 50_000, peers) });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 40 });
  expect(desk.network.opens).toBe(40);
  await desk.close();
});

test('the only holder goes and comes back: nothing failed, little fetched twice', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  const [peer] = peers;
  if (peer === undefined) throw new Error('no peer');
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 100, 50_000, peers) });
  await desk.clock.advanceAsync(2_000);
  peer.reachable = false;
  desk.network.bundles[0]?.lose();
  await desk.clock.advanceAsync(20_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'searching' });
  peer.reachable = true;
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100 });
  expect(peer.sentBytes).toBeLessThan(112 * 50_000);
  await desk.close();
});

test('paused in the middle: what came has its name, and is not fetched again', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 100, 50_000, peers) });
  await desk.clock.advanceAsync(2_000);
  await desk.clock.settle(desk.downloads.pause(1));
  const { filesDone } = desk.downloads.list()[0] ?? {};
  expect(filesDone).toBeGreaterThan(20);
  expect(desk.parts.complete.size).toBe(filesDone);
  await desk.downloads.resume(1);
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100 });
  expect(peers[0]?.sentBytes).toBeLessThan(112 * 50_000);
  await desk.close();
});

test('a full disk pauses the folder with its reason; after that it goes on', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 100, 50_000, peers) });
  await desk.clock.advanceAsync(1_000);
  desk.parts.fault = new ShoalError('DISK_FULL', 'the disk is full');
  const status = await desk.end();
  expect(status.state).not.toBe('done');
  expect(status.error?.code ?? status.reason).toMatch(/DISK_FULL|full/);
  desk.parts.fault = undefined;
  await desk.downloads.resume(1);
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100 });
  await desk.close();
});

test('a folder that its source renames meanwhile is complete nevertheless', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  const [peer] = peers;
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 2_000, 4_096, peers) });
  await desk.clock.advanceAsync(2_000);
  if (peer !== undefined) Object.assign(peer, { refuses: 'not-found', rejects: 'not-found' });
  await desk.clock.advanceAsync(15_000);
  if (peer !== undefined) Object.assign(peer, { refuses: undefined, rejects: undefined });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 2_000 });
  await desk.close();
});

test('files that changed at their only source fail as changed', async () => {
  const { desk, peers } = bundleDesk(1);
  const [peer] = peers;
  if (peer !== undefined) Object.assign(peer, { refuses: 'changed', rejects: 'changed' });
  desk.downloads.addFolder({ path: 'dir', files: folder(desk, 3, 4_096, peers) });
  expect(await desk.end()).toMatchObject({ state: 'failed', error: { code: 'FILE_CHANGED' } });
  expect(desk.clock.nowMs()).toBeGreaterThan(30_000);
  await desk.close();
});

import { expect, test } from 'vitest';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { sleep } from '../../../../Shared/Time/Clock.ts';
import { Desk } from '../Desk.ts';

function bundleDesk(peers: number, bytesPerSecond = 10e6) {
  const desk = new Desk();
  return { desk, peers: Array.from({ length: peers }, () => desk.network.peer(bytesPerSecond)) };
}

test('thousands of small files are requested in bundles of hundreds', async () => {
  const { desk, peers } = bundleDesk(1, 50e6);
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(5_000, 4_096, peers) });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 5_000, bytes: 5_000 * 4_096 });
  expect(status).toMatchObject({ finalPath: '/share/dir' });
  expect(status.tookMs).toBeLessThan(450);
  expect(desk.network.bundles).toHaveLength(1);
  expect(desk.network.bundles[0]?.asked).toBeLessThanOrEqual(100);
  expect(desk.network.opens).toBe(0);
  await desk.close();
});

test('a liar is named, its files are fetched from the others, and it gets no further request', async () => {
  const { desk, peers } = bundleDesk(3);
  const [liar] = peers;
  if (liar !== undefined) liar.lies = () => true;
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(300, 100_000, peers) });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 300 });
  expect(desk.blamed).toEqual(['peer 1 distrusted']);
  expect(liar?.sentBytes).toBeLessThan(1e6);
  expect(liar?.reported).toEqual([expect.stringMatching(/^[0-9a-f]{8} 0$/)]);
  for (const honest of peers.slice(1)) expect(honest.sentBytes).toBeGreaterThan(10e6);
  await desk.close();
});

test('files that one holder lacks are fetched from another; files without a holder are counted', async () => {
  const { desk, peers } = bundleDesk(2);
  const files = desk.folder(100, 50_000, peers);
  for (const { fileId } of files.slice(0, 20)) peers[0]?.files.delete(fileId);
  for (const { fileId } of files.slice(10, 30)) peers[1]?.files.delete(fileId);
  desk.downloads.addFolder({ path: 'dir', files });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'failed', filesDone: 90 });
  expect(status.error?.message).toMatch(/^10 of 100 files/);
  await desk.close();
});

test('a bundle that its only source rejects is requested again soon', async () => {
  const { desk, peers } = bundleDesk(1);
  for (const peer of peers) peer.rejects = 'changed';
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(40, 50_000, peers) });
  await desk.clock.advanceAsync(6_000);
  expect(desk.downloads.list()[0]).toMatchObject({ filesDone: 0 });
  for (const peer of peers) peer.rejects = undefined;
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 40 });
  expect(desk.clock.nowMs()).toBeLessThan(9_000);
  await desk.close();
});

test('a busy source is retried after a backoff, and a queue place is held without requests', async () => {
  const { desk, peers } = bundleDesk(1);
  const [peer] = peers;
  if (peer === undefined) throw new Error('no peer');
  peer.place = 3;
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(40, 50_000, peers) });
  await desk.clock.advanceAsync(1_000);
  const [bundles] = desk.network.bundles;
  expect(desk.downloads.list()[0]?.sources).toMatchObject([{ state: 'queued', place: 3 }]);
  expect([bundles?.asked, (bundles?.linedUp ?? 0) > 0]).toEqual([1, true]);
  peer.place = 0;
  bundles?.events.turn?.(4e6);
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 40 });
  await desk.close();
});

test('requests that a slow source has not begun are taken over by a fast one', async () => {
  const { desk, peers } = bundleDesk(2);
  const [slow, fast] = peers;
  if (slow === undefined || fast === undefined) throw new Error('no peers');
  slow.bytesPerSecond = 20_000;
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(200, 50_000, peers) });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'done', filesDone: 200 });
  // 10 MB at 10 MB/s; the slow source alone would take 26 s for its first two bundles.
  expect(status.tookMs).toBeLessThan(15_000);
  expect(desk.parts.complete.size).toBe(200);
  await desk.close();
});

test('files of different peers are fetched in separate bundles, each from the peer that lists them', async () => {
  const { desk, peers } = bundleDesk(2);
  const [one, two] = peers;
  if (one === undefined || two === undefined) throw new Error('no peers');
  const files = desk.folder(60, 20_000, []).map((file, index) => {
    const holder = index % 2 === 0 ? one : two;
    holder.has(file.fileId);
    return { ...file, holders: [holder.holder] };
  });
  desk.downloads.addFolder({ path: 'dir', files });
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 60, wastedBytes: 0 });
  expect([one.sentBytes, two.sentBytes]).toEqual([600_000, 600_000]);
  await desk.close();
});

test.each([
  [1, 6],
  [4, 8],
  [12, 16],
])(
  'a slow disk holds back requests: from %i sources, at most %i bundles are in memory',
  async (sources, max) => {
    const { desk, peers } = bundleDesk(sources, 1e9);
    let open = 0;
    let most = 0;
    const inner = desk.parts.openInstaller.bind(desk.parts);
    desk.parts.openInstaller = (wanted, events) => {
      const installer = inner(wanted, events);
      return {
        ...installer,
        install: async (bytes, files) => {
          most = Math.max(most, ++open);
          await sleep(desk.clock, 500);
          open--;
          return installer.install(bytes, files);
        },
      };
    };
    desk.downloads.addFolder({ path: 'dir', files: desk.folder(200, 300_000, peers) });
    expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 200 });
    expect(most).toBe(max);
    await desk.close();
  },
);

test('the only holder leaves and returns: no file fails, few bytes are fetched twice', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  const [peer] = peers;
  if (peer === undefined) throw new Error('no peer');
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(100, 50_000, peers) });
  await desk.clock.advanceAsync(2_000);
  peer.reachable = false;
  desk.network.bundles[0]?.lose();
  await desk.clock.advanceAsync(20_000);
  expect(desk.downloads.list()[0]).toMatchObject({
    state: 'searching',
    cause: { code: 'peer-away', text: 'waiting for peer 1 to return' },
  });
  // The files so far are shared, for other peers that miss the same source.
  expect(desk.parts.holds).toEqual([true, false]);
  peer.reachable = true;
  expect(await desk.end()).toMatchObject({ state: 'done', filesDone: 100 });
  expect(desk.parts.holds.slice(0, 3)).toEqual([true, false, true]);
  expect(peer.sentBytes).toBeLessThan(112 * 50_000);
  await desk.close();
});

test('files fetched before a pause have their names and are not fetched again', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(100, 50_000, peers) });
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

test('a full disk pauses the folder with that reason until there is space', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(100, 50_000, peers) });
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

test('a folder that its source renames during the download is completed', async () => {
  const { desk, peers } = bundleDesk(1, 1e6);
  const [peer] = peers;
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(2_000, 4_096, peers) });
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
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(3, 4_096, peers) });
  expect(await desk.end()).toMatchObject({ state: 'failed', error: { code: 'FILE_CHANGED' } });
  expect(desk.clock.nowMs()).toBeGreaterThan(30_000);
  await desk.close();
});

test('the only source lies: it is banned, and the folder fails instead of waiting for it', async () => {
  const { desk, peers } = bundleDesk(1);
  for (const peer of peers) peer.lies = () => true;
  desk.downloads.addFolder({ path: 'dir', files: desk.folder(60, 100_000, peers) });
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'failed', filesDone: 0, error: { code: 'INTEGRITY' } });
  expect(status.error?.message).toMatch(/^60 of 60 files/);
  expect(desk.blamed.at(-1)).toBe('peer 1 banned');
  expect(desk.clock.nowMs()).toBeLessThan(60_000);
  await desk.close();
});

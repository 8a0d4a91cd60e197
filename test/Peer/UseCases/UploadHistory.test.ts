import { expect, test } from 'vitest';
import type { TakenFile } from '../../../Peer/NetworkModel.ts';
import { UploadHistory } from '../../../Peer/UseCases/UploadHistory.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const peerOf = (number: number) => ({
  peerId: number.toString(16).padStart(64, '0') as PeerId,
  name: `peer ${number}`,
  address: { host: '10.0.0.1', port: 9_000 },
});
const fileOf = (number: number) => number.toString(16).padStart(64, '0') as FileId;

/** A peer at another host. */
const strangerOf = (number: number) => ({ ...peerOf(number), address: { host: '10.6.6.6', port: 9_000 } });

async function setting(saved: readonly TakenFile[] = []) {
  const clock = new SimulatedClock();
  const saves: (readonly TakenFile[])[] = [];
  const store = {
    full: false,
    load: async () => saved,
    save: async (entries: readonly TakenFile[]) => {
      if (store.full) throw new Error('ENOSPC');
      saves.push(entries);
    },
  };
  const history = new UploadHistory({ store, clock, wallMs: () => clock.nowMs(), log: silentLog });
  await history.start();
  const serve = (peer: number, file: number, bytes: number, size = 100) =>
    history.served({ peer: peerOf(peer), fileId: fileOf(file), path: `f${file}`, size, bytes });
  return { clock, saves, store, history, serve };
}

test('the history adds up bytes, shows the latest first, with the times of the first and the last byte', async () => {
  const { clock, history, serve } = await setting();
  serve(1, 1, 30);
  await clock.advanceAsync(1_000);
  serve(2, 1, 50);
  await clock.advanceAsync(1_000);
  serve(1, 1, 30);
  expect(history.all()).toMatchObject([
    { peer: { name: 'peer 1' }, path: 'f1', bytes: 60, complete: false, firstWallMs: 0, lastWallMs: 2_000 },
    { peer: { name: 'peer 2' }, bytes: 50, firstWallMs: 1_000, lastWallMs: 1_000 },
  ]);
});

test('a file is complete when all of it was sent, or when a peer that took part of it announces all', async () => {
  const { history, serve } = await setting();
  serve(1, 1, 100);
  serve(2, 1, 10);
  serve(3, 1, 10);
  history.completed(peerOf(2).peerId, fileOf(1));
  history.completed(peerOf(4).peerId, fileOf(1)); // Got no bytes from this peer.
  serve(2, 1, 10);
  expect(history.finishers(fileOf(1))).toEqual([peerOf(1).peerId, peerOf(2).peerId]);
  expect(history.finishers(fileOf(2))).toEqual([]);
});

test('a bundle counts for each of its files that is here, at the time it was sent', async () => {
  const { clock, history, serve, saves } = await setting();
  serve(1, 3, 100);
  const bundle = [1, 2, 3].map((file) => ({ fileId: fileOf(file), size: 100 }));
  history.servedBundle(peerOf(1), bundle, ({ fileId }) => (fileId === fileOf(2) ? undefined : 'here'));
  await clock.advanceAsync(1_000);
  serve(1, 4, 30);
  expect(history.all()).toMatchObject([
    { path: 'f4', lastWallMs: 1_000 },
    { fileId: fileOf(3), path: 'here', bytes: 200, complete: true, lastWallMs: 0 },
    { fileId: fileOf(1), path: 'here', bytes: 100, complete: true, lastWallMs: 0 },
  ]);
  history.servedBundle(peerOf(2), bundle, () => 'here');
  history.completed(peerOf(2).peerId, fileOf(4)); // Got no bytes of it.
  expect(history.finishers(fileOf(1))).toEqual([peerOf(1).peerId, peerOf(2).peerId]);
  await clock.advanceAsync(60_000);
  history.servedBundle(peerOf(3), bundle, () => 'here');
  await clock.advanceAsync(60_000);
  expect(saves[1]).toHaveLength(3 + 3 + 3);
});

test('of bundles, too, the 10,000 files sent last are kept', async () => {
  const { history } = await setting();
  const asked: string[] = [];
  const send = (from: number, count: number) =>
    history.servedBundle(
      peerOf(1),
      Array.from({ length: count }, (_, index) => ({ fileId: fileOf(from + index), size: 1 })),
      ({ fileId }) => {
        asked.push(fileId);
        return 'path';
      },
    );
  for (let from = 1; from <= 11_001; from += 500) send(from, 500);
  expect(history.all()).toHaveLength(10_000);
  expect(history.all()[0]?.fileId).toBe(fileOf(11_500));
  expect(asked).toHaveLength(10_000);
});

test('the history is saved once a minute if it changed, and at the end; the next run continues it', async () => {
  const { clock, saves, history, serve } = await setting();
  await clock.advanceAsync(120_000);
  expect(saves).toHaveLength(0);
  serve(1, 1, 30);
  await clock.advanceAsync(60_000);
  expect(saves).toHaveLength(1);
  serve(1, 1, 30);
  await history.close();
  await history.close();
  expect(saves).toHaveLength(2);
  const later = await setting(saves[1]);
  later.serve(1, 1, 40);
  expect(later.history.all()).toMatchObject([{ bytes: 100, complete: true }]);
});

test('on a full disk the history is saved later, when there is space', async () => {
  const { clock, saves, store, serve } = await setting();
  store.full = true;
  serve(1, 1, 30);
  await clock.advanceAsync(60_000);
  store.full = false;
  await clock.advanceAsync(60_000);
  expect(saves).toHaveLength(1);
});

test('the 10,000 entries served last are kept', async () => {
  const { history, serve } = await setting();
  for (let file = 1; file <= 10_000; file++) serve(1, file, 1);
  serve(1, 1, 1);
  serve(1, 10_001, 1);
  const paths = history.all().map(({ path }) => path);
  expect(paths).toHaveLength(10_000);
  expect(paths.slice(0, 3)).toEqual(['f10001', 'f1', 'f10000']);
  expect(paths).not.toContain('f2');
  for (let file = 10_002; file <= 16_345; file++) serve(1, file, 1);
  const later = history.all().map(({ path }) => path);
  expect([later.length, later[0], later.at(-1)]).toEqual([10_000, 'f16345', 'f6347']);
});

test('nobody pushes out what peers at other hosts took: neither file by file, with ever new ids, nor by bundles', async () => {
  const { history, serve } = await setting();
  const files = Array.from({ length: 500 }, (_, file) => ({ fileId: fileOf(file), size: 1 }));
  for (let file = 1; file <= 30; file++) serve(1, file, 100);
  history.servedBundle(peerOf(2), files.slice(0, 30), () => 'bundled');
  for (let number = 3; number < 53; number++) history.servedBundle(strangerOf(number), files, () => 'path');
  for (let number = 100; number < 20_100; number++)
    history.served({ peer: strangerOf(number), fileId: fileOf(1), path: 'f1', size: 100, bytes: 1 });
  const all = history.all();
  expect(all).toHaveLength(10_000);
  expect(all[0]?.peer.name).toBe('peer 20099');
  expect(all.filter(({ peer }) => peer.address.host === '10.0.0.1')).toHaveLength(60);
});

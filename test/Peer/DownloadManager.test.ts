import { expect, test } from 'vitest';
import type { FileId } from '../../Protocol/Ids.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { Desk, FILE, fileIdNumber } from './Downloads/Desk.ts';
import { chunksOf, MIB } from './Downloads/FakePeer.ts';

test('a file is fetched from all its holders at once', async () => {
  const desk = new Desk();
  const peers = [desk.network.peer(), desk.network.peer()];
  desk.downloads.add(desk.wish(64 * MIB, peers));
  const status = await desk.end();

  expect(status).toMatchObject({
    state: 'done',
    bytes: 64 * MIB,
    finalPath: '/share/film.mkv',
    wastedBytes: 0,
  });
  // 64 MiB at 2 x 10 MB/s take 3.36 s.
  expect(status.tookMs).toBeLessThan(3_800);
  for (const { bytes } of status.sources) expect(bytes / MIB).toBeGreaterThan(28);
  await desk.close();
});

test('a source that vanishes costs only its pending chunks', async () => {
  const desk = new Desk();
  const [stays, goes] = [desk.network.peer(), desk.network.peer()];
  desk.downloads.add(desk.wish(64 * MIB, [stays, goes]));
  await desk.clock.advanceAsync(1_000);
  goes.vanish();
  const status = await desk.end();

  expect(status).toMatchObject({ state: 'done', bytes: 64 * MIB });
  expect(stays.sentBytes + goes.sentBytes).toBeLessThan(66 * MIB);
  expect(desk.blamed).toEqual([]);
  await desk.close();
});

test('a liar among three is named, left after one chunk, and the file is right', async () => {
  const desk = new Desk();
  const [liar, ...honest] = [desk.network.peer(), desk.network.peer(), desk.network.peer()];
  liar.lies = () => true;
  desk.downloads.add(desk.wish(96 * MIB, [liar, ...honest]));
  const status = await desk.end();

  expect(status.state).toBe('done');
  expect(status.sources[0]?.state).toBe('distrusted');
  expect(desk.blamed).toEqual(['peer 1 distrusted']);
  expect(liar.sentBytes).toBeLessThanOrEqual(2 * MIB);
  expect(liar.reported).toEqual([expect.stringMatching(/^[0-9a-f]{8} \d+$/)]);
  await desk.close();
});

test('a liar without competitors is asked until it is banned, and a good source completes the file', async () => {
  const desk = new Desk();
  const [liar, honest] = [desk.network.peer(), desk.network.peer()];
  liar.lies = () => true;
  desk.downloads.add(desk.wish(8 * MIB, [liar]));
  await desk.clock.advanceAsync(10_000);
  expect(desk.blamed).toEqual(['peer 1 distrusted', 'peer 1 distrusted again', 'peer 1 banned']);
  expect(desk.downloads.list()[0]).toMatchObject({
    state: 'searching',
    reason: 'no other source: peer 1 sent corrupt data, again in 6 s',
  });

  honest.has(FILE);
  desk.downloads.addSource(FILE, honest.holder);
  expect(await desk.end()).toMatchObject({ state: 'done' });
  await desk.close();
});

test('without a source it keeps searching, and one that registers later joins', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(4 * MIB, []));
  await desk.clock.advanceAsync(100_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'searching', reason: 'no source, again in 6 s' });
  expect(desk.network.locates).toBe(8);

  desk.network.located.push(desk.network.peer().has(FILE));
  const status = await desk.end();
  expect(status.state).toBe('done');
  expect(status.tookMs).toBeLessThan(107_000);
  await desk.close();
});

test('a file that the first scan has not reached yet is not fetched a second time', async () => {
  const uncatalogued = {
    find: async (fileId: FileId, size: number, path: string) =>
      fileId === FILE && size === 4 * MIB ? `/share/${path}` : undefined,
  };
  const desk = new Desk(1, { uncatalogued });
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(4 * MIB, [peer]));
  expect(await desk.end()).toMatchObject({ state: 'done', finalPath: '/share/film.mkv' });
  expect(peer.sentBytes).toBe(0);
  await desk.close();
});

test('a download in a script gives up without any source', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(4 * MIB, [], { giveUpMs: 30_000 }));
  const status = await desk.end();
  expect(status).toMatchObject({ state: 'failed', error: { code: 'NOT_FOUND' } });
  expect(desk.clock.nowMs()).toBeLessThan(31_000);
  await desk.close();
});

test('pause keeps what is there, also over a restart; resume fetches only the rest', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(32 * MIB, [peer]));
  await desk.clock.advanceAsync(1_500);
  await desk.clock.settle(desk.downloads.pause(1));
  const paused = desk.downloads.list()[0];
  expect(paused).toMatchObject({ state: 'paused', reason: 'paused', bytesPerSecond: 0 });
  const sent = peer.sentBytes;
  await desk.clock.advanceAsync(60_000);
  expect(peer.sentBytes - sent).toBeLessThanOrEqual(MIB);
  await desk.close();

  const later = desk.manager();
  await later.start();
  await desk.clock.advanceAsync(10_000);
  expect(later.list()).toMatchObject([{ state: 'paused', path: 'film.mkv', bytes: paused?.bytes }]);
  desk.network.located.push(peer);
  await later.resume(1);
  const status = await desk.clock.settle(later.finished(1, new AbortController().signal));
  expect(status).toMatchObject({ state: 'done', bytes: 32 * MIB, bytesFromBefore: paused?.bytes });
  expect(peer.sentBytes).toBeLessThanOrEqual(34 * MIB);
  await desk.clock.settle(later.close());
});

test('unfinished downloads of an earlier run are resumed at start', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.network.located.push(peer);
  desk.downloads.add(desk.wish(32 * MIB, [peer]));
  await desk.clock.advanceAsync(1_500);
  await desk.clock.settle(desk.downloads.close());
  expect(desk.parts.opened.size).toBe(0);

  const later = desk.manager();
  await later.start();
  const status = await desk.clock.settle(later.finished(1, new AbortController().signal));
  expect(status.state).toBe('done');
  expect(status.bytesFromBefore).toBeGreaterThan(10 * MIB);
  await desk.clock.settle(later.close());
});

test('cancel stops and deletes', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(32 * MIB, [desk.network.peer()]));
  await desk.clock.advanceAsync(1_000);
  await desk.clock.settle(desk.downloads.cancel(1));
  expect(desk.downloads.list()[0]?.state).toBe('cancelled');
  expect(desk.parts.left.size).toBe(0);
  await desk.close();
});

test('a running download is not started twice, and a file that is here not at all', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  const wish = desk.wish(4 * MIB, [peer]);
  const first = desk.downloads.add(wish);
  expect(desk.downloads.add({ ...wish, path: 'other.mkv' }).number).toBe(first.number);
  await desk.end();

  desk.downloads.add({ ...wish, path: 'other.mkv' });
  const again = await desk.end(2);
  expect(again).toMatchObject({ state: 'done', bytesFromBefore: 4 * MIB, finalPath: '/share/other.mkv' });
  expect(desk.parts.copies).toEqual(['other.mkv']);
  expect(peer.sentBytes).toBe(4 * MIB);
  await desk.close();
});

test('a full disk pauses it with a reason; when there is space again it goes on and loses nothing', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(32 * MIB, [peer]));
  await desk.clock.advanceAsync(1_500);
  desk.parts.fault = new ShoalError('DISK_FULL', 'no space');
  const stopped = await desk.end();
  expect(stopped).toMatchObject({
    state: 'paused',
    error: { code: 'DISK_FULL' },
    reason: 'disk full, again in 30 s',
  });
  await desk.clock.advanceAsync(40_000);
  expect(desk.downloads.list()[0]?.state).toBe('paused');

  desk.parts.fault = undefined;
  await desk.clock.advanceAsync(40_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'done' });
  expect(peer.sentBytes).toBeLessThanOrEqual(35 * MIB);
  await desk.close();
});

test('a part file that vanishes once: the download restarts from nothing', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(16 * MIB, [desk.network.peer()]));
  await desk.clock.advanceAsync(500);
  desk.parts.fault = new ShoalError('PART_FILE_GONE', 'gone');
  const discard = desk.parts.discardUnfinished.bind(desk.parts);
  desk.parts.discardUnfinished = async (fileId) => {
    desk.parts.fault = undefined;
    await discard(fileId);
  };
  expect(await desk.end()).toMatchObject({ state: 'done', bytes: 16 * MIB });
  await desk.close();
});

test('a part file that vanishes again fails the download', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(16 * MIB, [desk.network.peer()]));
  await desk.clock.advanceAsync(500);
  desk.parts.fault = new ShoalError('PART_FILE_GONE', 'gone');
  expect(await desk.end()).toMatchObject({ state: 'failed', error: { code: 'PART_FILE_GONE' } });
  await desk.close();
});

test('a stalled source costs little', async () => {
  const desk = new Desk();
  const [good, stalls] = [desk.network.peer(), desk.network.peer()];
  desk.downloads.add(desk.wish(128 * MIB, [good, stalls]));
  await desk.clock.advanceAsync(6_000);
  stalls.stalled = true;
  const status = await desk.end();
  // Without it: 6 s together, the rest alone.
  const alone = 6_000 + ((128 * MIB - 120e6) / 10e6) * 1_000;
  expect(status.tookMs).toBeLessThan(alone + 1_500);
  await desk.close();
});

test('a silent source is snubbed after 10 s, and shown as snubbed', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  peer.stalled = true;
  desk.downloads.add(desk.wish(8 * MIB, [peer]));
  await desk.clock.advanceAsync(11_000);
  expect(desk.downloads.list()[0]).toMatchObject({
    reason: 'no data from peer 1, although connected, again in 1 s',
    cause: { code: 'snubbed' },
    sources: [{ state: 'snubbed' }],
  });
  peer.stalled = false;
  expect((await desk.end()).state).toBe('done');
  await desk.close();
});

test('a source that queues us keeps one request, and the others take the rest', async () => {
  const desk = new Desk();
  const [busy, free] = [desk.network.peer(), desk.network.peer()];
  busy.place = 3;
  desk.downloads.add(desk.wish(16 * MIB, [busy]));
  await desk.clock.advanceAsync(2_000);
  expect(desk.downloads.list()[0]).toMatchObject({
    reason: 'queued at 3 by peer 1',
    cause: { code: 'queued' },
    sources: [{ place: 3 }],
  });
  free.has(FILE);
  desk.downloads.addSource(FILE, free.holder);
  expect((await desk.end()).state).toBe('done');
  expect(busy.sentBytes).toBe(0);
  await desk.close();
});

test('a source whose file has changed is left without blame', async () => {
  const desk = new Desk();
  const [changed, good] = [desk.network.peer(), desk.network.peer()];
  changed.refuses = 'changed';
  desk.downloads.add(desk.wish(16 * MIB, [changed, good]));
  expect((await desk.end()).state).toBe('done');
  expect(desk.blamed).toEqual([]);
  await desk.close();
});

test('partial sources send the chunks that they have, and those that they get meanwhile', async () => {
  const desk = new Desk();
  const [seed, leecher] = [desk.network.peer(2e6), desk.network.peer()];
  const have = chunksOf(32 * MIB, [1, 5, 9]);
  leecher.has(FILE, have);
  desk.downloads.add(desk.wish(32 * MIB, [seed, leecher]));
  await desk.clock.advanceAsync(1_000);
  for (let chunk = 10; chunk < 30; chunk++) have.set(chunk);
  for (const source of leecher.sources) source.events.haveChanged();
  expect((await desk.end()).state).toBe('done');
  expect(leecher.sentBytes).toBeGreaterThan(18 * MIB);
  await desk.close();
});

test('one peer is asked for one window by all downloads together, the first number first', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  for (let number = 1; number <= 3; number++) {
    desk.downloads.add(desk.wish(32 * MIB, [peer], { fileId: fileIdNumber(number), path: `${number}` }));
  }
  const first = await desk.end(1);
  const last = await desk.end(3);
  expect(first.tookMs).toBeLessThan(4_200);
  expect(last.tookMs).toBeLessThan(10_600);
  expect(peer.openBytesMax).toBeLessThanOrEqual(11 * MIB);
  await desk.close();
});

test('downloads beyond the limit wait for their turn', async () => {
  const desk = new Desk(1, { maxDownloads: 1 });
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(4 * MIB, [peer], { fileId: fileIdNumber(1) }));
  desk.downloads.add(desk.wish(4 * MIB, [peer], { fileId: fileIdNumber(2) }));
  await desk.clock.advanceAsync(100);
  expect(desk.downloads.list()[1]).toMatchObject({ state: 'waiting', reason: 'waiting for its turn' });
  expect((await desk.end(2)).state).toBe('done');
  await desk.close();
});

test('a chunk that is asked of a source again waits until its cancelled request has ended', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(8 * MIB, [peer]));
  await desk.clock.advanceAsync(150);
  // Back to the queue, which returns all but one request, and to the front in the same moment.
  for (const source of [...peer.sources]) {
    source.events.queued(2);
    source.events.queued(0);
  }
  expect(await desk.end()).toMatchObject({ state: 'done' });
  await desk.close();
});

test('suggested chunks wait in the queue of their source: nobody else has them', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  peer.suggestion = { chunks: [3, 1], rest: 'nothing' };
  peer.stalled = true;
  desk.downloads.add(desk.wish(8 * MIB, [peer]));
  await desk.clock.advanceAsync(150);
  for (const source of peer.sources) source.events.queued(2);
  await desk.clock.advanceAsync(150);
  expect(peer.line.map(({ chunk, decided }) => ({ chunk, decided }))).toEqual(
    [3, 1].map((chunk) => ({ chunk, decided: false })),
  );
  await desk.close();
});

test('close leaves no timer and nothing open', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(64 * MIB, [desk.network.peer()]));
  await desk.clock.advanceAsync(1_000);
  await desk.clock.settle(Promise.all([desk.downloads.close(), desk.downloads.close()]));
  await desk.clock.advanceAsync(1_000);
  expect(desk.parts.opened.size).toBe(0);
  expect(desk.clock.pending).toBe(0);
});

test('of many downloads 32 run at once', async () => {
  const desk = new Desk();
  const peer = desk.network.peer(1_000);
  for (let number = 1; number <= 40; number++)
    desk.downloads.add(desk.wish(4 * MIB, [peer], { fileId: fileIdNumber(number), path: `${number}` }));
  await desk.clock.advanceAsync(100);
  expect(desk.downloads.list().filter(({ state }) => state !== 'waiting')).toHaveLength(32);
  await desk.close();
});

test('paused and resumed in immediate succession, a download goes on', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(20 * MIB, [desk.network.peer()]));
  await desk.clock.advanceAsync(500);
  void desk.downloads.pause(1);
  void desk.downloads.resume(1);
  expect((await desk.end()).state).toBe('done');
  await desk.close();
});

test('paused before it begins, a download copies nothing', async () => {
  const desk = new Desk();
  desk.parts.complete.set(FILE, '/share/elsewhere');
  desk.downloads.add(desk.wish(4 * MIB, []));
  await desk.clock.settle(desk.downloads.pause(1));
  expect(desk.parts.copies).toEqual([]);
  await desk.close();
});

test('a pause after close does not change the stored state of a download', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(200 * MIB, [desk.network.peer(MIB)]));
  await desk.clock.advanceAsync(5_000);
  await desk.close();
  await desk.clock.settle(desk.downloads.pause(1));
  expect(desk.parts.left.get(FILE)?.paused).toBe(false);
});

test('a file that changes at its only source ends the download with FILE_CHANGED, which names the source', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(64 * MIB, [peer]));
  await desk.clock.advanceAsync(1_000);
  peer.refuses = 'changed';
  await desk.clock.advanceAsync(10_000);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'searching', cause: { code: 'source-changed' } });
  const status = await desk.end();
  expect(status).toMatchObject({
    state: 'failed',
    error: { code: 'FILE_CHANGED', message: expect.stringContaining('at peer 1') },
  });
  expect(status.bytes).toBeGreaterThan(0);
  await desk.close();
});

test('a file that its source only renamed is fetched to its end', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  desk.downloads.add(desk.wish(64 * MIB, [peer]));
  await desk.clock.advanceAsync(1_000);
  peer.refuses = 'not-found';
  await desk.clock.advanceAsync(15_000);
  peer.refuses = undefined;
  expect(await desk.end()).toMatchObject({ state: 'done', bytes: 64 * MIB });
  await desk.close();
});

test('a file that changed at one source comes from the other one', async () => {
  const desk = new Desk();
  const [changing, slow] = [desk.network.peer(), desk.network.peer(1e6)];
  desk.downloads.add(desk.wish(64 * MIB, [changing, slow]));
  await desk.clock.advanceAsync(1_000);
  changing.refuses = 'changed';
  expect(await desk.end()).toMatchObject({ state: 'done', bytes: 64 * MIB });
  await desk.close();
});

test('a finished download keeps its times, whatever happens later', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(8 * MIB, [desk.network.peer()]));
  const { tookMs } = await desk.end();
  await desk.clock.advanceAsync(60_000);
  await desk.downloads.pause(1);
  await desk.downloads.resume(1);
  await desk.downloads.cancel(1);
  expect(desk.downloads.list()[0]).toMatchObject({ state: 'done', tookMs });
  await desk.close();
});

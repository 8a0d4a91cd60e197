import { expect, test } from 'vitest';
import type { DownloadState, SourceStatus } from '../../../../Peer/DownloadModel.ts';
import { newDownload } from '../../../../Peer/Downloads/Lifecycle/Download.ts';
import {
  causeText,
  type StalledDownload,
  stallReason,
} from '../../../../Peer/Downloads/Lifecycle/StallReason.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { Desk } from '../Desk.ts';

const MIB = 1_048_576;
const STILL: StalledDownload = {
  sources: [],
  bytesPerSecond: 0,
  sameContent: false,
  nextLocateInMs: undefined,
  hasTracker: true,
  limitBytesPerSecond: undefined,
  noUsefulSource: false,
};

function source(
  state: SourceStatus['state'],
  change: Partial<SourceStatus> = {},
  name = 'studio',
): SourceStatus {
  const peer = { peerId: undefined, name, address: { host: '10.0.0.7', port: 9_007 } };
  return { peer, state, place: undefined, bytes: 0, bytesPerSecond: 0, chunksHeld: 0, ...change };
}

const active = source('active');
const left = (why: SourceStatus['why'], retryInMs?: number, name?: string) =>
  source('left', { why, retryInMs }, name);

test.each<[string, DownloadState, Partial<StalledDownload>, string, string]>([
  ['its turn', 'waiting', {}, 'turn', 'waiting for its turn'],
  ['the end', 'finishing', {}, 'finishing', 'complete, moving into the share'],
  ['nobody', 'searching', { nextLocateInMs: 11_200 }, 'no-source', 'no source, again in 12 s'],
  [
    'no tracker',
    'searching',
    { hasTracker: false, nextLocateInMs: 3_000 },
    'no-tracker',
    'no source, and no tracker answers, again in 3 s',
  ],
  [
    'gone',
    'searching',
    { sources: [left('unreachable', 4_001), left('unreachable', 9_000, 'anna'), left('has it not', 1_000)] },
    'peer-away',
    'waiting for studio or 1 other to return, again in 5 s',
  ],
  [
    'no word',
    'searching',
    { sources: [left('no answer', 4_001)] },
    'peer-away',
    'no answer from studio, again in 5 s',
  ],
  [
    'dialled again',
    'searching',
    { sources: [source('connecting', { why: 'no answer' }), left('no answer', 9_000, 'anna')] },
    'peer-away',
    'no answer from studio or 1 other',
  ],
  [
    'one gone, one silent',
    'searching',
    { sources: [left('unreachable', 4_001), left('no answer', 9_000, 'anna')] },
    'peer-away',
    'waiting for studio or 1 other to return, again in 5 s',
  ],
  [
    'changed',
    'searching',
    { sources: [left('changed', 900)] },
    'source-changed',
    'the file has changed at studio, again in 1 s',
  ],
  [
    'empty-handed',
    'searching',
    { sources: [left('has it not', 60_000)] },
    'no-source',
    'no source: studio does not have it, again in 60 s',
  ],
  [
    'banned',
    'searching',
    { sources: [source('banned')], nextLocateInMs: 30_000 },
    'source-banned',
    'no other source: studio sent corrupt data, again in 30 s',
  ],
  ['dialling', 'searching', { sources: [source('connecting')] }, 'connecting', 'connecting to studio'],
  ['list', 'describing', { sources: [active] }, 'describing', 'asking studio for the chunk list'],
  [
    'queued',
    'fetching',
    {
      sources: [
        source('queued', { place: 9, queueLength: 9 }, 'anna'),
        source('queued', { place: 3, queueLength: 7 }),
        source('snubbed'),
        source('left'),
      ],
    },
    'queued',
    'queued at 3 of 7 by studio',
  ],
  ['old queue', 'fetching', { sources: [source('queued', { place: 3 })] }, 'queued', 'queued at 3 by studio'],
  [
    'snubbed',
    'fetching',
    { sources: [source('snubbed', { retryInMs: 4_200 })] },
    'snubbed',
    'no data from studio, although connected, again in 5 s',
  ],
  [
    'large packets lost',
    'fetching',
    { sources: [source('snubbed', { lane: 'open', retryInMs: 4_200 })] },
    'snubbed',
    'no data from studio, although connected, perhaps because large packets are lost on the way (MTU), again in 5 s',
  ],
  [
    'snubbed after some bytes',
    'fetching',
    { sources: [source('snubbed', { lane: 'open', bytes: 1 })] },
    'snubbed',
    'no data from studio, although connected',
  ],
  [
    'no connection for data yet',
    'fetching',
    { sources: [source('active', { lane: 'opening' })] },
    'connecting',
    'linked to studio, opening the connection for data',
  ],
  [
    'no connection for data again',
    'fetching',
    { sources: [source('active', { lane: 'failed' })] },
    'no-lane',
    'linked to studio, but no connection for data can be opened, perhaps because of a firewall',
  ],
  [
    'no connection for data',
    'searching',
    { sources: [left('no lane', 4_001)] },
    'no-lane',
    'linked to studio, but no connection for data can be opened, perhaps because of a firewall, again in 5 s',
  ],
  ['asked', 'fetching', { sources: [active] }, 'asked', 'waiting for the first bytes from studio'],
  [
    'quiet',
    'fetching',
    { sources: [source('active', { bytes: MIB })] },
    'asked',
    'waiting for the next bytes from studio',
  ],
  [
    'limited',
    'fetching',
    { sources: [active], limitBytesPerSecond: 20_000_000 },
    'limited',
    'limited to 20.0 MB/s',
  ],
  [
    'nothing new',
    'fetching',
    { sources: [active, source('active', {}, '')], noUsefulSource: true, nextLocateInMs: 1_500 },
    'missing-chunks',
    'studio or 1 other has none of the missing chunks, again in 2 s',
  ],
  [
    'twin',
    'searching',
    { sameContent: true, sources: [active] },
    'same-content',
    'another download fetches the same content',
  ],
  [
    'no name',
    'searching',
    { sources: [source('connecting', {}, '')] },
    'connecting',
    'connecting to 10.0.0.7:9007',
  ],
])('%s', (_name, state, still, code, text) => {
  const cause = stallReason({ ...newDownload('waiting'), state }, { ...STILL, ...still }, 0);
  expect(cause?.code).toBe(code);
  expect(cause && causeText(cause)).toBe(text);
});

test('paused by the user or by a disk, failed; a download that moves or has ended has no cause', () => {
  const told = (change: object, still: Partial<StalledDownload> = {}) => {
    const cause = stallReason({ ...newDownload('paused'), ...change }, { ...STILL, ...still }, 1_000);
    return cause && [cause.code, causeText(cause)];
  };
  const error = new ShoalError('DISK_FULL', 'full');
  expect(told({})).toEqual(['paused', 'paused']);
  expect(told({ error, retryAtMs: 13_000 })).toEqual(['disk-full', 'disk full, again in 12 s']);
  const failed = new ShoalError('DISK_FAILED', 'the disk broke');
  expect(told({ error: failed, retryAtMs: 500 })).toEqual(['disk-failed', 'disk failed, again in 1 s']);
  expect(told({ state: 'failed', error: failed })).toEqual(['failed', 'the disk broke']);
  expect(told({ state: 'done' })).toBeUndefined();
  expect(told({ state: 'cancelled' })).toBeUndefined();
  expect(told({ state: 'fetching' }, { bytesPerSecond: 1, sources: [active] })).toBeUndefined();
});

/** Stall reasons of running downloads. */
const first = (desk: Desk) => desk.downloads.list()[0]?.cause;

test('without a holder, the time of the next locate is named', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(4 * MIB, []));
  await desk.clock.advanceAsync(40_000);
  const cause = first(desk);
  expect(cause).toMatchObject({ code: 'no-source', text: 'no source' });
  const { locates } = desk.network;
  await desk.clock.advanceAsync((cause?.retryInMs ?? 0) - 1);
  expect(desk.network.locates).toBe(locates);
  await desk.clock.advanceAsync(1);
  expect(desk.network.locates).toBe(locates + 1);
  Object.assign(desk.network, { hasTracker: () => false });
  expect(first(desk)).toMatchObject({ code: 'no-tracker' });
  await desk.close();
});

test('an unreachable peer is named with the time of the next dial', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  peer.reachable = false;
  desk.downloads.add(desk.wish(4 * MIB, [peer]));
  await desk.clock.advanceAsync(8_000);
  const cause = first(desk);
  expect(cause).toMatchObject({ code: 'peer-away', text: 'cannot connect to peer 1' });
  const { opens } = desk.network;
  // Ticks look at the clock twice a second.
  await desk.clock.advanceAsync((cause?.retryInMs ?? 0) + 500);
  expect(desk.network.opens).toBe(opens + 1);
  peer.reachable = true;
  expect((await desk.end()).state).toBe('done');
  await desk.close();
});

test('a source that has nothing new, and our own limit, are named', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  peer.stalled = true;
  desk.downloads.add(desk.wish(8 * MIB, [peer]));
  await desk.clock.advanceAsync(3_000);
  expect(first(desk)).toMatchObject({ code: 'asked' });
  Object.assign(desk.network, { limitFor: () => 1_000 });
  expect(first(desk)).toMatchObject({ code: 'limited', text: 'limited to 1.0 kB/s' });
  await desk.close();
});

test('the second download of one content names that reason', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  peer.stalled = true;
  desk.downloads.add(desk.wish(8 * MIB, [peer]));
  const { fileId, size } = desk.wish(8 * MIB, [peer]);
  desk.downloads.addFolder({
    path: 'folder/',
    files: [{ fileId, size, path: 'folder/film.mkv', holders: [peer.holder] }],
  });
  await desk.clock.advanceAsync(3_000);
  expect(desk.downloads.list()[1]?.cause).toMatchObject({ code: 'same-content' });
  await desk.close();
});

test('only a peer that was connected is expected to return', async () => {
  const desk = new Desk();
  const peer = desk.network.peer();
  peer.stalled = true;
  desk.downloads.add(desk.wish(4 * MIB, [peer]));
  await desk.clock.advanceAsync(1_000);
  peer.vanish();
  await desk.clock.advanceAsync(1_000);
  expect(first(desk)).toMatchObject({ code: 'peer-away', text: 'waiting for peer 1 to return' });
  await desk.close();
});

test('a source of a download that has just begun is being connected, and has not left', async () => {
  const desk = new Desk();
  desk.downloads.add(desk.wish(4 * MIB, [desk.network.peer()]));
  const [begun] = desk.downloads.list();
  expect(begun?.sources).toMatchObject([{ state: 'connecting' }]);
  expect(begun?.cause).toMatchObject({ code: 'connecting' });
  await desk.close();
});

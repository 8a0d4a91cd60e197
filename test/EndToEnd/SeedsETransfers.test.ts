import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { FileId, InstanceId } from '../../Protocol/Ids.ts';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import {
  CONNECT_ID,
  decodeReply,
  encodeRequest,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import { keyOf, proven } from '../Support/keys.ts';
import { someBytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type TestPeer } from '../Support/TestPeer.ts';

/** Seed 004, Napster: JOIN, SEARCH, DOWNLOAD, UPDATE. */

const SONG = someBytes(51, 1_200_000);

test.concurrent('E1: JOIN with the names of the files is answered, and the index has each name', async ({
  lan,
}) => {
  const [, port = ''] = (await lan.tracker()).split(':');
  const socket = createSocket('udp4');
  lan.onClose(async () => void socket.close());
  let transaction = 0;
  const ask = async (cookie: string, request: TrackerRequest): Promise<TrackerReply> => {
    socket.send(encodeRequest(cookie, ++transaction, request), Number(port), '127.0.0.1');
    const [bytes] = (await once(socket, 'message')) as [Buffer];
    return decodeReply(bytes).reply;
  };
  const connected = await ask(CONNECT_ID, { type: 'connect' });
  if (connected.type !== 'connected') throw new Error(connected.type);
  const cookie = connected.connectionId;
  const key = keyOf('raw');
  const me = { peerId: key.peerId, instanceId: '018bcfe56800beef' as InstanceId };
  const names = ['eins.mp3', 'zwei.mp3', 'drei.mp3'];
  const beat = {
    type: 'heartbeat' as const,
    ...me,
    port: 9_321,
    name: 'raw',
    catalogVersion: 1,
    files: 3,
    bytes: 30,
    uploads: 0,
    token: NO_TOKEN,
    queryToken: NO_TOKEN,
    unlisted: false,
  };
  const alive = await ask(cookie, proven(key, cookie, beat, await ask(cookie, beat)));
  if (alive.type !== 'alive') throw new Error(alive.type);
  const { token = NO_TOKEN } = alive;
  expect(alive.heldVersion).toBe(0);
  const entries = names.map((path, index) => ({
    kind: 'file' as const,
    path,
    size: 10,
    fileId: String(index).repeat(64) as FileId,
  }));
  const page = { version: 1, base: 0, page: 0, pages: 1 };
  expect(await ask(cookie, { type: 'publish', ...me, token, ...page, entries })).toMatchObject({
    type: 'published',
    heldVersion: 1,
  });
  for (const name of names) {
    const found = await ask(cookie, { type: 'search', words: name, cursor: 0 });
    expect(found).toMatchObject({ type: 'found', hits: [{ path: name, holders: [{ name: 'raw' }] }] });
  }
});

test.concurrent('E4: after a download the tracker lists the new holder, and the log says UPDATE_OK', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'song.ogg': SONG } });
  const berta = await lan.seeder('berta', { args: ['--verbose'] });
  expect((await berta.answer('download song.ogg')).ok).toBe(true);
  await berta.program.line(/UPDATE_OK: the tracker at 127\.0\.0\.1:\d+ holds catalog \d+/, {
    output: 'stderr',
  });
  const clara = await lan.peer('clara');
  const [hit] = await eventually('both are listed', async () => {
    const hits = await clara.items('search song');
    return hits[0]?.sources.length === 2 ? hits : undefined;
  });
  expect(hit?.sources.map(({ name, complete }) => `${name} ${complete}`).sort()).toEqual([
    'anna true',
    'berta true',
  ]);
});

test.concurrent('E5: a peer that has the file sends it, one without it answers NOT_FOUND', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'song.ogg': SONG } });
  const empty = await lan.seeder('empty');
  const berta = await lan.peer('berta');
  expect((await berta.answer(`get 127.0.0.1:${anna.port} song.ogg`)).ok).toBe(true);
  expect(SONG.equals(await berta.read('song.ogg'))).toBe(true);
  const not = await berta.answer(`get 127.0.0.1:${empty.port} song.ogg`);
  expect(not).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
});

test.concurrent('E7: a download lies in the folder of the peer that asked, and nowhere else', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'song.ogg': SONG } });
  const berta = await lan.peer('berta');
  const clara = await lan.seeder('clara');
  expect((await berta.answer('download song.ogg')).ok).toBe(true);
  expect(await berta.files()).toEqual(['song.ogg']);
  expect(await clara.files()).toEqual([]);
});

test.concurrent('E10, E11: the words JOIN, SEARCH, DOWNLOAD, UPDATE; JOIN_OK with the files, SEARCH with the peers', async ({
  lan,
}) => {
  const tracker = await lan.tracker();
  await lan.seeder('anna', { files: { 'song.ogg': SONG } });
  const end = await lan.script('berta', ['JOIN', 'Search song', 'DOWNLOAD song.ogg', 'Update', 'help'], {
    files: { 'mine.txt': 'mine' },
  });
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
  expect(end.stdout).toContain(`JOIN_OK from ${tracker}: 1 file of berta\n`);
  expect(end.stdout).toMatch(/^mine\.txt +4 B/m);
  expect(end.stdout).toMatch(/song\.ogg.*anna/);
  expect(end.stdout).toMatch(/^song\.ogg is done/m);
  expect(end.stdout).toMatch(/^UPDATE_OK: announced 2 files; 1 other peer$/m);
  for (const word of ['join', 'search', 'download', 'update'])
    expect(end.stdout).toMatch(new RegExp(`^ .*\\b${word}\\b`, 'm'));
  expect(SONG.equals(await readFile(end.share.at('song.ogg')))).toBe(true);

  const alone = await lan.script('clara', ['join', 'join --json'], { tracker: '127.0.0.1:1' });
  expect(alone.code).toBe(1);
  expect(alone.stderr).toMatch(/^error: line 1 "join": the tracker 127\.0\.0\.1:1 does not answer\nhint: /m);
  expect(JSON.parse(alone.stdout.trim())).toMatchObject({ ok: false, error: { code: 'NO_TRACKER' } });
});

test('E6: 1.5 GiB over TCP, below 200 MiB of memory in both peers', async ({ lan }) => {
  const size = 1.5 * 1_024 ** 3;
  const share = await lan.launcher.folder();
  const film = await open(share.at('film.iso'), 'w');
  await film.truncate(size);
  // Sparse, with random bytes here and there and at the end, so that a chunk in the wrong place shows.
  for (let part = 0; part < 48; part++)
    await film.write(someBytes(600 + part, 65_536), 0, 65_536, part * 32 * 1_048_576 + part * 4_096);
  await film.write(someBytes(700, 4_096), 0, 4_096, size - 4_096);
  await film.close();
  const anna = await lan.seeder('anna', { share });
  const berta = await lan.peer('berta');
  expect((await berta.answer('download film.iso')).ok).toBe(true);
  for (const peer of [anna, berta]) expect(await peakRssMiB(peer), peer.name).toBeLessThan(200);
  const [one, other] = await Promise.all([sha256(share.at('film.iso')), sha256(berta.share.at('film.iso'))]);
  expect(other).toBe(one);
});

/** Peak resident memory of a program, in MiB. */
async function peakRssMiB({ program }: TestPeer): Promise<number> {
  const status = await readFile(`/proc/${program.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1_048_576 }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}

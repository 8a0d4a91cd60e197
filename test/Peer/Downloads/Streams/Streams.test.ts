import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenStream } from '../../../../Peer/Downloads/Streams/Streams.ts';
import type { Bitfield } from '../../../../Protocol/Bitfield.ts';
import { type ChunkLayout, chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { Desk } from '../Desk.ts';
import { chunksOf, type FakePeer, MIB } from '../FakePeer.ts';

const VIEWER = { host: '127.0.0.1', own: true };
const NEVER = new AbortController().signal;

/** The longest film: the others are its beginnings, so that its bytes are made and hashed once. */
const FILM_MIB = 300;
/** A number every 64 KiB: cheap, and different everywhere. The first byte of a chunk is 0, as FakePart checks. */
let film = Buffer.alloc(0);
const hashOfChunk = new Map<number, ChunkHash>();
beforeAll(() => {
  film = Buffer.alloc(FILM_MIB * MIB + 17, 1);
  for (let at = 0; at + 5 <= film.length; at += 65_536) {
    film.writeUInt8(0, at);
    film.writeUInt32BE(at / 65_536, at + 1);
  }
});
afterAll(() => {
  film = Buffer.alloc(0);
});

function hashesOf({ chunkBytes, chunkCount, size }: ChunkLayout): ChunkHash[] {
  expect(chunkBytes).toBe(MIB);
  return Array.from({ length: chunkCount }, (_, chunk) => {
    const hash = () => hashBytes(film.subarray(chunk * MIB, Math.min(size, (chunk + 1) * MIB)));
    if (chunk === chunkCount - 1) return hash();
    const known = hashOfChunk.get(chunk) ?? hash();
    hashOfChunk.set(chunk, known);
    return known;
  });
}

/** A desk with one film that all peers have, with real bytes and hashes. */
function cinema(mebibytes: number, peers: number, bytesPerSecond = 10e6, seed = 1) {
  const content = film.subarray(0, mebibytes * MIB + 17);
  const layout = chunkLayout(content.length);
  const hashes = hashesOf(layout);
  const fileId = fileIdOf(content.length, hashes);
  const local = { have: undefined as Bitfield | 'all' | undefined, reads: 0 };
  const desk = new Desk(seed, {
    local: {
      holdings: () => local.have,
      sizeOf: () => (local.have === undefined ? undefined : content.length),
      read: async (_id: FileId, chunk, offset, into) => {
        local.reads++;
        into.set(content.subarray(chunk * MIB + offset, chunk * MIB + offset + into.length));
      },
    },
  });
  desk.network.descriptions.set(fileId, { fileId, layout, chunkHashes: hashes });
  const sources = Array.from({ length: peers }, () => {
    const peer = desk.network.peer(bytesPerSecond);
    peer.content = content;
    return peer;
  });
  const wish = desk.wish(content.length, sources, { fileId });
  const open = (client = VIEWER) => desk.clock.settle(desk.downloads.streams.open(wish, client, NEVER));
  return { desk, content, wish, sources, open, local };
}

test('a piece has 2 MiB at most, also of a larger chunk', async () => {
  const size = 64 * 1_024 * MIB;
  const lengths: number[] = [];
  const desk = new Desk(1, {
    local: {
      holdings: () => 'all',
      sizeOf: () => size,
      read: async (_id, _chunk, _offset, into) => void lengths.push(into.length / MIB),
    },
  });
  const wish = desk.wish(size, []);
  const stream = await desk.clock.settle(desk.downloads.streams.open(wish, VIEWER, NEVER));
  await readAll(desk, stream, 0, 5 * MIB);
  expect(lengths).toEqual([2, 2, 1]);
});

async function readAll(desk: Desk, stream: OpenStream, from: number, to: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const reading = (async () => {
    for await (const piece of stream.read({ from, to }, NEVER)) pieces.push(Buffer.from(piece));
  })();
  await desk.clock.settle(reading, 600_000);
  return Buffer.concat(pieces);
}

const asked = (peers: readonly FakePeer[]) => peers.flatMap((peer) => peer.asked);

test('a film is read in order from all its sources, and no chunk is fetched twice without need', async () => {
  const { desk, content, sources, open } = cinema(40, 4);
  const stream = await open();
  expect(stream.size).toBe(content.length);
  expect((await readAll(desk, stream, 0, content.length)).equals(content)).toBe(true);
  for (const peer of sources) expect(peer.asked.length).toBeGreaterThan(4);
  expect(asked(sources).length).toBeLessThan(45);
  await desk.close();
});

test.each(seeds(10))('any range comes right, with liars among the sources (seed %i)', async (seed) => {
  const random = new SeededRandom(seed);
  const { desk, content, sources, open } = cinema(random.int(1, 90), 3, 10e6, seed);
  const [, liar] = sources;
  if (liar !== undefined && random.chance(0.5)) liar.lies = (chunk) => chunk % 3 === 0;
  for (let round = 0; round < 4; round++) {
    const stream = await open();
    const from = random.int(0, content.length - 1);
    const to = random.int(from, content.length);
    expect((await readAll(desk, stream, from, to)).equals(content.subarray(from, to))).toBe(true);
    stream.close();
  }
  await desk.close();
});

test('read-ahead for a reader that stops is bounded by 64 MiB', async () => {
  const { desk, sources, open, content } = cinema(200, 2, 100e6);
  const stream = await open();
  const pieces = stream.read({ from: 0, to: content.length }, NEVER);
  await desk.clock.settle(pieces.next());
  await desk.clock.advanceAsync(60_000);
  expect(Math.max(...asked(sources))).toBe(63);
  await desk.close();
});

test('a seek moves the window: chunks of the old request are no longer fetched', async () => {
  const { desk, sources, open, content } = cinema(200, 1, 5e6);
  const first = await open();
  const pieces = first.read({ from: 0, to: content.length }, NEVER);
  await desk.clock.settle(pieces.next());
  await pieces.return();
  first.close();
  const second = await open();
  const from = 150 * MIB;
  const sentBefore = sources[0]?.sentBytes ?? 0;
  expect((await readAll(desk, second, from, from + MIB)).length).toBe(MIB);
  // One chunk, and those in flight when the old request ended.
  expect((sources[0]?.sentBytes ?? 0) - sentBefore).toBeLessThan(4 * MIB);
  await desk.close();
});

test('the bytes of the last piece of an ended reader stay: they may still be sent', async () => {
  const { desk, open, content } = cinema(150, 2, 100e6);
  const first = await open();
  const pieces = first.read({ from: 0, to: content.length }, NEVER);
  const { value: piece } = await desk.clock.settle(pieces.next());
  await pieces.return();
  first.close();
  await readAll(desk, await open(), 10 * MIB, content.length);
  expect(content.subarray(0, MIB).equals(piece ?? Buffer.alloc(0))).toBe(true);
  await desk.close();
});

test('two readers of one file share it; the one behind reads from memory', async () => {
  const { desk, sources, open, content } = cinema(30, 2);
  const [one, two] = [await open(), await open()];
  await readAll(desk, one, 0, content.length);
  await readAll(desk, two, 0, content.length);
  expect(asked(sources).length).toBeLessThan(35);
  expect(desk.network.opens).toBeLessThan(4);
  await desk.close();
});

test('of two readers far apart on a slow line, none waits for the other', async () => {
  const { desk, open, content } = cinema(200, 1, 4e6);
  const [one, two] = [await open(), await open()];
  const far = readAll(desk, two, 180 * MIB, 184 * MIB);
  const ends: number[] = [];
  const near = one.read({ from: 0, to: content.length }, NEVER);
  void (async () => {
    for await (const _ of near) ends.push(desk.clock.nowMs());
  })().catch(() => {});
  await far;
  // Eight chunks of 1 MiB at 4 MB/s.
  expect(desk.clock.nowMs()).toBeLessThan(4_000);
  expect(ends.length).toBeGreaterThan(2);
  await desk.close();
});

test('verified chunks of a part file are read from the disk', async () => {
  const { desk, sources, open, content, local } = cinema(8, 1);
  local.have = chunksOf(content.length, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const stream = await open();
  expect((await readAll(desk, stream, 0, content.length)).equals(content)).toBe(true);
  expect(local.reads).toBe(9);
  expect(asked(sources).length).toBeLessThan(9);
  await desk.close();
});

test('a running download of the content is followed: its read windows come first, and no chunk is fetched twice', async () => {
  const { desk, sources, open, content, wish, local } = cinema(300, 2, 10e6);
  desk.downloads.add(wish);
  await desk.clock.advanceAsync(1_000);
  const part = desk.parts.left.get(wish.fileId);
  local.have = part?.verified;
  const stream = await open();
  const before = asked(sources).length;
  const from = 250 * MIB;
  const bytes = await readAll(desk, stream, from, from + 3 * MIB);
  expect(bytes.equals(content.subarray(from, from + 3 * MIB))).toBe(true);
  expect(asked(sources).length - before).toBeLessThan(40);
  await desk.clock.advanceAsync(60_000);
  expect(await desk.end()).toMatchObject({ state: 'done' });
  expect(new Set(asked(sources)).size).toBe(301);
  expect(asked(sources).length).toBeLessThan(310);
  await desk.close();
});

test('a file of a folder download is followed; when that is paused, the stream fetches by itself', async () => {
  const { desk, sources, open, content, wish, local } = cinema(100, 2, 10e6);
  const folder = [{ ...wish, path: 'films/film.mkv' }];
  desk.downloads.addFolder({ path: 'films', files: folder });
  await desk.clock.advanceAsync(1_000);
  local.have = desk.parts.left.get(wish.fileId)?.verified;
  const stream = await open();
  const from = 80 * MIB;
  await readAll(desk, stream, from, from + MIB);
  // The chunk came with those of the download: it was not asked for twice.
  expect(asked(sources).filter((chunk) => chunk === 80)).toHaveLength(1);
  await desk.clock.settle(desk.downloads.pause(1));
  local.have = undefined;
  const later = 90 * MIB;
  const bytes = await readAll(desk, stream, later, later + MIB);
  expect(bytes.equals(content.subarray(later, later + MIB))).toBe(true);
  await desk.close();
});

test('a download that finds no source keeps no reader waiting for more than a minute', async () => {
  const { desk, sources, wish } = cinema(3, 1);
  for (const peer of sources) peer.reachable = false;
  desk.downloads.add(wish);
  await desk.clock.advanceAsync(100);
  const opening = desk.downloads.streams.open(wish, VIEWER, NEVER);
  await expect(desk.clock.settle(opening)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await desk.close();
});

describe('the end of a stream', () => {
  test('without a reader for 10 s the sources are closed', async () => {
    const { desk, sources, open } = cinema(3, 1);
    const stream = await open();
    await readAll(desk, stream, 0, 100);
    stream.close();
    await desk.clock.advanceAsync(9_000);
    expect(sources[0]?.sources.size).toBe(1);
    await desk.clock.advanceAsync(2_000);
    expect(sources[0]?.sources.size).toBe(0);
    expect(desk.downloads.streams.active).toBe(false);
    await desk.close();
  });

  test('a content that nobody has is not found after 10 s; a later request tries again', async () => {
    const { desk, sources, wish } = cinema(3, 1);
    const [peer] = sources;
    if (peer !== undefined) peer.reachable = false;
    const opening = desk.downloads.streams.open(wish, VIEWER, NEVER);
    await expect(desk.clock.settle(opening)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(desk.clock.nowMs()).toBeLessThan(12_000);
    if (peer !== undefined) peer.reachable = true;
    await expect(desk.clock.settle(desk.downloads.streams.open(wish, VIEWER, NEVER))).resolves.toMatchObject({
      size: 3 * MIB + 17,
    });
    await desk.close();
  });

  test('sources that vanish in the middle: the reader fails after a minute', async () => {
    const { desk, sources, open, content } = cinema(40, 1, 5e6);
    const stream = await open();
    const reading = readAll(desk, stream, 0, content.length);
    desk.clock.after(2_000, () => sources[0]?.vanish());
    await expect(reading).rejects.toMatchObject({ code: 'TIMEOUT' });
    await desk.close();
  });

  test('a patient reader waits until its source returns', async () => {
    const { desk, sources, wish, content } = cinema(40, 1, 5e6);
    const [source] = sources;
    if (source !== undefined) source.reachable = false;
    const opening = desk.downloads.streams.open(wish, { ...VIEWER, isPatient: true }, NEVER);
    await desk.clock.advanceAsync(100_000);
    if (source !== undefined) source.reachable = true;
    const stream = await desk.clock.settle(opening);
    const reading = readAll(desk, stream, 0, content.length);
    desk.clock.after(2_000, () => source?.vanish());
    desk.clock.after(200_000, () => {
      if (source !== undefined) source.reachable = true;
    });
    expect((await reading).equals(content)).toBe(true);
    await desk.close();
  });

  test('closing the downloads ends readers', async () => {
    const { desk, open, content } = cinema(40, 1, 1e6);
    const stream = await open();
    const reading = readAll(desk, stream, 0, content.length);
    desk.clock.after(3_000, () => void desk.downloads.close());
    await expect(reading).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('bounds', () => {
  /** A reader that has read its first piece and stopped. */
  async function stopped(desk: Desk, stream: OpenStream): Promise<OpenStream> {
    await desk.clock.settle(stream.read({ from: 0, to: stream.size }, NEVER).next());
    return stream;
  }

  test('six readers per client: the seventh is refused, unless one is stalled for 10 s', async () => {
    const { desk, open } = cinema(20, 1);
    const streams = [];
    for (let count = 0; count < 6; count++) streams.push(await stopped(desk, await open()));
    await expect(open()).rejects.toMatchObject({ code: 'BUSY' });
    await expect(open({ host: '192.0.2.7', own: false })).resolves.toBeDefined();
    await desk.clock.advanceAsync(10_000);
    await open();
    expect(streams.filter(({ evicted }) => evicted.aborted)).toHaveLength(1);
    expect(streams[0]?.evicted.aborted).toBe(true);
    await desk.close();
  });

  test('sixteen readers in all, four of them for users of this computer', async () => {
    const { desk, open } = cinema(20, 1);
    const other = (count: number) => ({ host: `192.0.2.${count}`, own: false });
    for (let count = 0; count < 12; count++) await open(other(count));
    await expect(open(other(77))).rejects.toMatchObject({ code: 'BUSY' });
    for (let count = 0; count < 4; count++) await open();
    await expect(open()).rejects.toMatchObject({ code: 'BUSY' });
    await desk.close();
  });

  test('four contents; one without a reader is evicted', async () => {
    const { desk, wish, content } = cinema(3, 1);
    const description = desk.network.descriptions.get(wish.fileId);
    const openNumber = (number: number, client = VIEWER) => {
      const fileId = String(number).repeat(64) as FileId;
      if (description !== undefined) desk.network.descriptions.set(fileId, { ...description, fileId });
      const other = desk.wish(content.length, desk.network.peers, { fileId });
      return desk.clock.settle(desk.downloads.streams.open(other, client, NEVER));
    };
    const opened = [];
    for (const number of [1, 2, 3]) opened.push(await openNumber(number));
    // The last place is for users of this computer.
    await expect(openNumber(4, { host: '192.0.2.7', own: false })).rejects.toMatchObject({ code: 'BUSY' });
    opened.push(await openNumber(4));
    await expect(openNumber(5)).rejects.toMatchObject({ code: 'BUSY' });
    opened[1]?.close();
    await expect(openNumber(5)).resolves.toMatchObject({ size: content.length });
    await desk.close();
  });
});

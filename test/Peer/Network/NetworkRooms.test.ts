import { expect, test } from 'vitest';
import { ByteBudget } from '../../../Peer/Network/Lanes/Limits/ByteBudget.ts';
import { Fifo } from '../../../Peer/Network/Lanes/Receiving/Fifo.ts';
import {
  REGION_ROOM,
  ReceiveBuffers,
  type Region,
} from '../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { Bans } from '../../../Peer/Network/Links/Accepting/Bans.ts';
import { listenOnOneOf, portsOf } from '../../../Peer/Network/Links/Accepting/ReservedPort.ts';
import { fetchDescription } from '../../../Peer/Network/Links/Content/FetchDescription.ts';
import { RemoteHoldings } from '../../../Peer/Network/Links/Content/RemoteHoldings.ts';
import { PeerExchange } from '../../../Peer/Network/Links/PeerExchange.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { BAN_MS } from '../../../Protocol/Limits.ts';
import type { ControlOf } from '../../../Protocol/PeerMessages.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';
import { seeds } from '../../Support/seeds.ts';
import { peerIdOf } from './links.ts';

const MIB = 1_048_576;
const fileOf = (number: number) => peerIdOf(number) as string as FileId;

test.each(seeds(30))(
  'a token bucket grants its rate, whatever the pieces and the pauses (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const rate = random.int(50_000, 100_000_000);
    const bucket = new ByteBudget(rate, 0);
    let nowMs = 0;
    let spent = 0;
    while (nowMs < 5_000) {
      const bytes = random.int(1, Math.max(16_384, rate / 20));
      // Timers are late by a few milliseconds.
      const waitMs = bucket.waitMs(nowMs);
      if (waitMs > 0) nowMs += Math.ceil(waitMs) + random.int(0, 5);
      bucket.spend(bytes, nowMs);
      spent += bytes;
    }
    const ratio = (spent * 1_000) / nowMs / rate;
    expect(ratio).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThan(1.06);
  },
);

test('a token bucket saves up 100 ms at most, and forgets debts of a faster rate', () => {
  const bucket = new ByteBudget(1_000_000, 0);
  bucket.spend(1_100_000, 60_000);
  expect(bucket.waitMs(60_000)).toBe(1_000);
  bucket.setRate(10_000, 60_000);
  expect(bucket.waitMs(60_000)).toBeLessThan(2_000);
  bucket.setRate(undefined, 60_000);
  bucket.spend(1e12, 60_000);
  expect(bucket.waitMs(60_000)).toBe(0);
});

test.each(seeds(30))('bits and haves add up, whether before or after the chunk count (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const count = random.int(1, 3_000);
  const holdings = new RemoteHoldings();
  const expected = new Set<number>();
  const when = random.int(0, 20);
  expect(holdings.known).toBe(false);
  for (let step = 0; step < 20; step++) {
    if (step === when) holdings.setChunkCount(count);
    const index = random.int(0, count - 1);
    expected.add(index);
    if (random.chance(0.5)) holdings.chunks([index, count + 10_000, 0xffff_ffff]);
    else {
      const bits = Buffer.alloc(random.int(1, 9));
      bits[0] = 0x80 >> (index & 7);
      holdings.bits(index >> 3, bits);
    }
    holdings.bits(0xffff_fff0, Buffer.alloc(64, 255));
  }
  holdings.setChunkCount(count);
  expect([...(holdings.have?.indexes() ?? [])]).toEqual([...expected].toSorted((a, b) => a - b));
  holdings.nothing();
  expect([holdings.none, holdings.have?.count]).toEqual([true, 0]);
  holdings.all();
  expect(holdings.have).toBeUndefined();
});

/** A description of a file with this number of chunks and random hashes. */
function describedFile(chunkCount: number) {
  const size = chunkCount * 16 * MIB;
  expect(chunkLayout(size).chunkCount).toBe(chunkCount);
  const random = new SeededRandom(chunkCount);
  const chunkHashes = Array.from({ length: chunkCount }, () => random.hex(32) as ChunkHash);
  return { size, chunkHashes, fileId: fileIdOf(size, chunkHashes) };
}
const pageOf = (file: ReturnType<typeof describedFile>, firstChunk: number): ControlOf<'description'> => ({
  type: 'description',
  requestId: 0,
  size: file.size,
  firstChunk,
  chunkHashes: file.chunkHashes.slice(firstChunk, firstChunk + 2_000),
});

test('a long chunk list is fetched in pages that are requested ahead', async () => {
  const file = describedFile(4_096);
  const asked: number[] = [];
  const description = await fetchDescription(file.fileId, async (firstChunk) => {
    asked.push(firstChunk);
    return pageOf(file, firstChunk);
  });
  expect(asked).toEqual([0, 2_000, 4_000]);
  expect(description).toEqual({
    fileId: file.fileId,
    layout: chunkLayout(file.size),
    chunkHashes: file.chunkHashes,
  });
});

test.each([
  ['another size in the second page', { size: MIB }, 2_000],
  ['another place', { firstChunk: 1 }, 2_000],
  ['a page too short', { chunkHashes: [] }, 2_000],
  ['an impossible size', { size: Number.MAX_SAFE_INTEGER }, 0],
  ['a size too large for the pages', { size: 5_000 * 16 * MIB }, 0],
])('a chunk list with %s is INTEGRITY', async (_what, lie, where) => {
  const file = describedFile(4_096);
  const ask = async (first: number) => ({ ...pageOf(file, first), ...(first === where ? lie : {}) });
  await expect(fetchDescription(file.fileId, ask)).rejects.toMatchObject({ code: 'INTEGRITY' });
});

test('receive buffers: large regions alone, small ones together, never more than the limit', () => {
  const buffers = new ReceiveBuffers(new SimulatedClock(), 2 * REGION_ROOM);
  const [one, two] = [buffers.region(MIB), buffers.region(MIB)];
  expect(buffers.region(1)).toBeUndefined();
  const late: string[] = [];
  const giveUp = buffers.wait(1, () => late.push('never'));
  buffers.wait(100_000, () => late.push('small'));
  giveUp();
  one?.release();
  expect(late).toEqual(['small']);
  expect(buffers.region(100_000)?.bytes.length).toBe(100_000);
  expect(buffers.bytesTaken).toBe(2 * REGION_ROOM);
  two?.release();
  expect(buffers.bytesTaken).toBe(REGION_ROOM);
  expect(() => two?.release()).toThrow(RangeError);
});

test('receive buffers: a pending small region is served by the shared buffer that is released', () => {
  const buffers = new ReceiveBuffers(new SimulatedClock(), 2 * REGION_ROOM);
  const halves = [buffers.region(MIB / 2), buffers.region(MIB / 2)];
  const whole = buffers.region(MIB);
  for (const half of halves) half?.release();
  const late: Region[] = [];
  for (let waiting = 0; waiting < 3; waiting++) buffers.wait(100_000, (region) => late.push(region));
  whole?.release();
  expect(late.map(({ bytes }) => bytes.length)).toEqual([100_000, 100_000]);
  late[0]?.release();
  late[1]?.release();
  expect(late).toHaveLength(3);
  late[2]?.release();
  buffers.trim();
  expect(buffers.bytesTaken).toBe(0);
});

test('receive buffers are reused at once, and all but the first 20 MiB released when idle', () => {
  const clock = new SimulatedClock();
  const buffers = new ReceiveBuffers(clock);
  const round = () => {
    const regions = Array.from({ length: 40 }, () => buffers.region(MIB));
    for (const region of regions) region?.release();
    return new Set(regions.map((region) => region?.bytes.buffer));
  };
  const first = round();
  const again = () => [...round()].filter((memory) => first.has(memory)).length;
  clock.advance(4_000);
  expect(again()).toBe(40);
  clock.advance(4_000);
  expect(again()).toBe(40);
  clock.advance(5_001);
  expect(again()).toBe(20);
});

test.each(seeds(2))('a queue gives back in order what it took (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const fifo = new Fifo<number>();
  const model: number[] = [];
  for (let step = 0; step < 8_000; step++) {
    if (random.chance(step < 4_000 ? 0.7 : 0.3)) {
      fifo.push(step);
      model.push(step);
    } else expect(fifo.shift()).toBe(model.shift());
    expect(fifo.length).toBe(model.length);
    expect(fifo.peek()).toBe(model[0]);
  }
  expect(fifo.drain()).toEqual(model);
});

test('receive buffers: with 20 in use, reading waits while 8 of them are being written', () => {
  const buffers = new ReceiveBuffers(new SimulatedClock());
  const regions = Array.from({ length: 24 }, () => buffers.region(MIB));
  for (const region of regions.slice(0, 8)) region?.full?.();
  expect(buffers.region(MIB)).toBeUndefined();
  const late: Region[] = [];
  for (let lane = 0; lane < 40; lane++) buffers.wait(MIB, (region) => late.push(region));
  regions[20]?.release();
  expect(late).toEqual([]);
  for (const region of regions.slice(21)) region?.release();
  expect([late.length, buffers.bytesTaken]).toEqual([0, 20 * REGION_ROOM]);
  for (const region of regions.slice(10, 13)) region?.release();
  expect([late.length, buffers.bytesTaken]).toEqual([3, 20 * REGION_ROOM]);
  // Reading does not wait for a disk with a short queue.
  regions[0]?.release();
  expect([late.length, buffers.bytesTaken]).toEqual([40, 56 * REGION_ROOM]);
});

test('the first 20 MiB of receive buffers are memory that V8 does not count, and causes no collections', () => {
  const buffers = new ReceiveBuffers(new SimulatedClock());
  const regions = Array.from({ length: 21 }, () => buffers.region(MIB));
  const counted = regions.map((region) => !(region?.bytes.buffer instanceof SharedArrayBuffer));
  expect(counted).toEqual([...Array.from({ length: 20 }, () => false), true]);
});

test('peer exchange trusts our own networks at once, others when two peers say the same', () => {
  const exchange = new PeerExchange();
  const namer = (number: number, host = '10.0.0.9') => ({
    peerId: peerIdOf(number),
    address: { host, port: 9_001 },
  });
  const at = (host: string, port = 9_000) => ({ host, port });
  expect(exchange.trusts(namer(1), at('192.168.1.4'))).toBe(true);
  expect(exchange.trusts(namer(1), at('192.168.1.4', 22))).toBe(false);
  expect(exchange.trusts(namer(1), at('255.255.255.255'))).toBe(false);
  expect(exchange.trusts(namer(1), at('127.0.0.1'))).toBe(false);
  expect(exchange.trusts(namer(1, '127.0.0.1'), at('127.0.0.1'))).toBe(true);
  expect(exchange.trusts(namer(1), at('203.0.113.5'))).toBe(false);
  expect(exchange.trusts(namer(1), at('203.0.113.5'))).toBe(false);
  expect(exchange.trusts(namer(2), at('203.0.113.5'))).toBe(true);
});

test('peers on our own host are named to each other only', () => {
  const exchange = new PeerExchange();
  const [local, lan] = [
    { host: '127.0.0.1', port: 9_001 },
    { host: '10.0.0.5', port: 9_002 },
  ];
  expect(exchange.interested(fileOf(1), { peerId: peerIdOf(1), address: local })).toEqual([]);
  expect(exchange.interested(fileOf(1), { peerId: peerIdOf(2), address: lan })).toEqual([
    { to: peerIdOf(1), peers: [{ peerId: peerIdOf(2), address: lan }] },
  ]);
  expect(exchange.interested(fileOf(1), { peerId: peerIdOf(2), address: lan })).toEqual([]);
  exchange.notInterested(fileOf(1), peerIdOf(1));
  const other = { host: '10.0.0.6', port: 9_003 };
  expect(exchange.interested(fileOf(1), { peerId: peerIdOf(3), address: other })).toEqual([
    { to: peerIdOf(3), peers: [{ peerId: peerIdOf(2), address: lan }] },
    { to: peerIdOf(2), peers: [{ peerId: peerIdOf(3), address: other }] },
  ]);
});

test('a ban covers the peer and its host for an hour, but never this host', () => {
  const bans = new Bans();
  bans.ban(peerIdOf(1), '10.0.0.1', 0);
  bans.ban(peerIdOf(2), '127.0.0.1', 0);
  expect([peerIdOf(1), '10.0.0.1', peerIdOf(2), '127.0.0.1'].map((who) => bans.has(who, 1))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(bans.has(peerIdOf(1), BAN_MS)).toBe(false);
});

test('a random port is tried again when it is taken, another failure is passed on', async () => {
  const random = new SeededRandom(1).next;
  const tried: number[] = [];
  const listen = async (port: number) => {
    tried.push(port);
    if (tried.length < 3) throw new ShoalError('PORT_IN_USE', 'taken');
    return { local: { host: '0.0.0.0', port }, close: async () => {} };
  };
  const accept = () => ({ closed: () => {} });
  const listener = await listenOnOneOf(portsOf(undefined, random), listen, accept);
  expect(tried).toHaveLength(3);
  expect(new Set(tried).size).toBe(3);
  expect(tried.every((port) => port >= 9_000 && port <= 9_999)).toBe(true);
  expect(listener.local.port).toBe(tried[2]);
  const broken = () => Promise.reject(new ShoalError('USAGE', 'not allowed'));
  await expect(listenOnOneOf(portsOf(undefined, random), broken, accept)).rejects.toMatchObject({
    code: 'USAGE',
  });
});

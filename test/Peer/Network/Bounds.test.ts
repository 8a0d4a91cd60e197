import { expect, test } from 'vitest';
import { UploadSlots } from '../../../Peer/Network/Lanes/Desk/UploadSlots.ts';
import { TransferLimits } from '../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import { ExpectedLanes } from '../../../Peer/Network/Lanes/Receiving/ExpectedLanes.ts';
import { Lane } from '../../../Peer/Network/Lanes/Receiving/Lane.ts';
import { ReceiveBuffers } from '../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { LaneOutput } from '../../../Peer/Network/Lanes/Sending/LaneOutput.ts';
import { LaneServer } from '../../../Peer/Network/Lanes/Sending/LaneServer.ts';
import { LaneTokens } from '../../../Peer/Network/Lanes/Sending/LaneTokens.ts';
import { ServedCounts } from '../../../Peer/Network/Lanes/Sending/ServedCounts.ts';
import { Suggestions } from '../../../Peer/Network/Lanes/Sending/Suggestions.ts';
import { Bans } from '../../../Peer/Network/Links/Accepting/Bans.ts';
import { DeferredHaves } from '../../../Peer/Network/Links/Content/DeferredHaves.ts';
import { fetchDescription } from '../../../Peer/Network/Links/Content/FetchDescription.ts';
import { HaveBatch } from '../../../Peer/Network/Links/Content/HaveBatch.ts';
import { RemoteFiles } from '../../../Peer/Network/Links/Content/RemoteFiles.ts';
import { PeerLink } from '../../../Peer/Network/Links/Link/PeerLink.ts';
import { PeerExchange } from '../../../Peer/Network/Links/PeerExchange.ts';
import { FrameDecoder } from '../../../Protocol/FrameDecoder.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { LANE_REQUESTS_MAX, UPLOAD_SLOTS } from '../../../Protocol/Limits.ts';
import { type ControlOf, decodeLane, encodeLane, type LaneMessage } from '../../../Protocol/PeerMessages.ts';
import type { ByteStream, ReadTarget } from '../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';
import { instanceOf, peerIdOf } from './links.ts';
import { hello } from './Stranger.ts';

/** Memory and time that other peers can make us spend: each bound has a test here that fails without it. */

const fileOf = (number: number) => peerIdOf(number) as string as FileId;
const address = { host: '10.0.0.9', port: 9_001 };

/** A stream to a peer that never reads. */
function blockedStream() {
  const seen = { bytes: 0, ended: false, destroyed: false };
  const stream: ByteStream = {
    remote: address,
    write: (bytes) => {
      seen.bytes += bytes.length;
      return false;
    },
    pause: () => {},
    resume: () => {},
    end: () => {
      seen.ended = true;
    },
    destroy: () => {
      seen.destroyed = true;
    },
  };
  return { stream, seen };
}

function openedLink() {
  const clock = new SimulatedClock();
  const { stream, seen } = blockedStream();
  const closed: (string | undefined)[] = [];
  const own = { version: 2, peerId: peerIdOf(1), instanceId: instanceOf(1), name: '', port: 1, features: 0 };
  const link = new PeerLink(own, true, clock, {
    opened: () => {},
    received: () => {},
    closed: (_, error) => closed.push(error?.code),
  });
  link.start({ ...stream, provenId: peerIdOf(2), channel: 'control', binding: () => new Uint8Array(32) });
  link.data(hello(2));
  return { clock, link, seen, closed };
}

/** A lane of a peer that never reads; `reasons` are its breaches of the protocol. */
function servedLane(token = true) {
  const reasons: string[] = [];
  const lane = new LaneServer(new LaneOutput(blockedStream().stream, undefined), {
    redeem: () => peerIdOf(1),
    bytesOf: () => 1,
    asked: () => {},
    takenBack: () => {},
    changed: () => {},
    ended: () => {},
    misbehaved: (_, reason) => reasons.push(String(reason)),
  });
  if (token) lane.data(encodeLane({ type: 'token', token: '0'.repeat(32) }));
  return { lane, reasons };
}

test('a link to a peer that does not read is cut at a backlog of 8 MiB', () => {
  const { link, closed } = openedLink();
  const frame = Buffer.alloc(1_048_576);
  for (let sent = 0; sent < 7; sent++) link.sendFrame(frame);
  expect(closed).toEqual([]);
  link.sendFrame(frame);
  expect(closed).toEqual(['TIMEOUT']);
});

test('after a goodbye the connection is cut within a second, though the peer does not end it', async () => {
  const { clock, link, seen } = openedLink();
  link.close('closing');
  expect([seen.ended, seen.destroyed]).toEqual([true, false]);
  await clock.advanceAsync(1_000);
  expect(seen.destroyed).toBe(true);
});

test('a lane of a peer that requests and cancels without reading is cut at 8 MiB of unsent rejects', () => {
  const { lane, reasons } = servedLane();
  const reject = encodeLane({ type: 'reject', id: 1, code: 'cancelled' }).length;
  const times = Math.floor((8 * 1_048_576) / reject);
  for (let sent = 0; sent < times; sent++) lane.reject(1, 'cancelled');
  lane.data(encodeLane({ type: 'pass' }));
  expect(reasons).toEqual([]);
  lane.reject(1, 'cancelled');
  lane.data(encodeLane({ type: 'pass' }));
  expect(reasons).toEqual([expect.stringContaining('without reading')]);
  expect(lane.open).toBe(false);
});

test('a lane holds LANE_REQUESTS_MAX requests, files of bundles included; one more ends it', () => {
  const lanes = [1, 2].map(() => {
    const { lane, reasons } = servedLane();
    for (let id = 1; id < LANE_REQUESTS_MAX; id++)
      lane.data(encodeLane({ type: 'request', id, fileId: fileOf(1), chunk: id }));
    return { lane, reasons };
  });
  expect(lanes.map(({ reasons }) => reasons)).toEqual([[], []]);
  const [first, second] = lanes;
  for (const id of [90_001, 90_002])
    first?.lane.data(encodeLane({ type: 'request', id, fileId: fileOf(1), chunk: 0 }));
  const files = [1, 2].map((number) => ({ fileId: fileOf(number), size: 1 }));
  second?.lane.data(encodeLane({ type: 'bundle', id: 90_001, files }));
  expect(lanes.map(({ reasons }) => reasons.length)).toEqual([1, 1]);
});

const REQUEST: LaneMessage = { type: 'request', id: 1, fileId: fileOf(1), chunk: 0 };
const bundleOf = (id: number, ...sizes: number[]): LaneMessage => ({
  type: 'bundle',
  id,
  files: sizes.map((size, at) => ({ fileId: fileOf(at + 1), size })),
});

test.each<[string, readonly LaneMessage[]]>([
  ['a second request with the same id', [REQUEST, { ...REQUEST, chunk: 1 }]],
  ['a bundle with the id of a request', [REQUEST, bundleOf(1, 5)]],
  ['a bundle without files', [bundleOf(1)]],
  ['a bundle with an empty file', [bundleOf(1, 5, 0)]],
  ['a bundle with a file above 1 MiB', [bundleOf(1, 5, 1_048_577)]],
  ['a message of the other side', [{ type: 'data', id: 1, bytes: Buffer.of(1) }]],
])('%s ends a lane', (_what, messages) => {
  const { lane, reasons } = servedLane();
  lane.data(encodeLane(bundleOf(9, 1_048_576)));
  for (const message of messages.slice(0, -1)) lane.data(encodeLane(message));
  expect([reasons, lane.open]).toEqual([[], true]);
  for (const message of messages.slice(-1)) lane.data(encodeLane(message));
  expect([reasons.length, lane.open]).toEqual([1, false]);
});

test('a lane accepts frames of 1 KiB before its token, and of 10 KiB after it; a longer one ends it with its header', () => {
  const header = (bytes: number) => {
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(bytes, 0);
    return frame;
  };
  const accepts = (bytes: number, after: 'before' | 'after') => {
    const { lane, reasons } = servedLane(after === 'after');
    lane.data(header(bytes));
    return reasons.length === 0;
  };
  expect([accepts(1_024, 'before'), accepts(1_025, 'before')]).toEqual([true, false]);
  expect([accepts(10_240, 'after'), accepts(10_241, 'after')]).toEqual([true, false]);
  const dialled = [1_024, 1_025].map((bytes) => {
    const { stream, seen } = blockedStream();
    const lanes = new ExpectedLanes(new SimulatedClock(), () => {});
    lanes.accept(stream, false, () => {}).handler.data?.(header(bytes));
    return seen.destroyed;
  });
  expect(dialled).toEqual([false, true]);
});

/** A lane to a peer that serves; its requests, and a function that answers. */
async function requestingLane() {
  const clock = new SimulatedClock();
  const sent: Uint8Array[] = [];
  const turns: number[] = [];
  const blocked = blockedStream();
  const stream: ByteStream = { ...blocked.stream, write: (bytes) => sent.push(bytes) > 0 };
  let receive: ReadTarget | undefined;
  const lane = new Lane({
    open: async (_, into) => {
      receive = into;
      return stream;
    },
    clock,
    buffers: new ReceiveBuffers(clock, 1_048_576),
    limiter: new TransferLimits(clock, {}).down.flow('lan'),
    received: () => {},
    turn: (bytes) => turns.push(bytes),
    ended: () => {},
  });
  lane.start();
  await clock.flush();
  const answer = async (bytes: Uint8Array) => {
    receive?.nextBuffer().set(bytes);
    receive?.filled(bytes.length);
    await clock.flush();
  };
  return { clock, lane, sent, turns, seen: blocked.seen, answer };
}

test('a turn that was not requested ends a lane', async () => {
  const { lane, turns, seen, answer } = await requestingLane();
  lane.lineUp();
  await answer(encodeLane({ type: 'turn', bytes: 5 }));
  expect([turns, seen.destroyed]).toEqual([[5], false]);
  await answer(encodeLane({ type: 'turn', bytes: 6 }));
  expect([turns, seen.destroyed]).toEqual([[5], true]);
});

test('a lane requests what the other side queues, 4,096 chunks; the others follow with the answers', async () => {
  const { clock, lane, sent, answer } = await requestingLane();
  const requested = () => {
    const frames = [...new FrameDecoder(65_536).push(Buffer.concat(sent))];
    return frames.filter(({ type, body }) => decodeLane(type, body)?.type === 'request').length;
  };
  const writer = { write: async () => {}, finish: async () => true, abandon: () => {} };
  for (let chunk = 0; chunk < 4_100; chunk++)
    lane.request({ fileId: fileOf(1), chunk, bytes: 1, writer, received: () => {} });
  await clock.flush();
  expect(requested()).toBe(4_096);
  const answers = [1, 2].map((id) => encodeLane({ type: 'reject', id, code: 'not-found' }));
  await answer(Buffer.concat(answers));
  expect(requested()).toBe(4_098);
});

test('a fifth lane token of a peer invalidates its first', () => {
  const tokens = new LaneTokens();
  for (let number = 1; number <= 5; number++) tokens.grant(`token ${number}`, peerIdOf(1), 'host', 0);
  tokens.grant('other', peerIdOf(2), 'host', 0);
  const redeemed = ['token 1', 'token 2', 'token 5', 'other'].map((token) => tokens.redeem(token, 'host', 1));
  expect(redeemed).toEqual([undefined, peerIdOf(1), peerIdOf(1), peerIdOf(2)]);
});

test('served chunks are counted for 32 files, the least recently served is evicted', () => {
  const counts = new ServedCounts();
  for (let file = 0; file < 32; file++) counts.add(fileOf(file), [0]);
  counts.add(fileOf(0), [0]);
  counts.add(fileOf(32), [0]);
  expect([0, 1, 2, 32].map((file) => counts.of(fileOf(file), 0))).toEqual([2, 0, 1, 1]);
});

test('suggestions are made for 32 files, the least recently requested is evicted', async () => {
  const files = new Set<FileId>();
  const suggestions = new Suggestions({
    provider: { sizeOf: () => 8_000_000, holdings: () => 'all' } as never,
    clock: new SimulatedClock(),
    random: () => 0,
    send: (_, fileId) => files.add(fileId),
  });
  for (let file = 0; file < 33; file++)
    for (const peer of [1, 2]) suggestions.interested(peerIdOf(peer), fileOf(file), true);
  await new Promise(setImmediate);
  expect([files.size, files.has(fileOf(0)), files.has(fileOf(1))]).toEqual([32, false, true]);
});

test('at most 24 slots are added, however much the throughput grows', () => {
  const slots = new UploadSlots();
  for (let peer = 1; peer <= 60; peer++) slots.setDemand(peerIdOf(peer), 100_000_000);
  for (let second = 1; second <= 60; second++) slots.pace(1_000 * 2 ** second, undefined);
  expect(slots.slots).toBe(UPLOAD_SLOTS + 24);
});

test('10,000 bans are remembered, the oldest is evicted', () => {
  const bans = new Bans();
  for (let number = 0; number < 10_010; number++) bans.ban(peerIdOf(number), '127.0.0.1', 0);
  expect([bans.has(peerIdOf(0), 1), bans.has(peerIdOf(100), 1)]).toEqual([false, true]);
});

test('chunks are deferred for a complete peer: up to 4,096, and for half a second', () => {
  const haves = new DeferredHaves();
  expect(haves.add(fileOf(1), [1], 'has all', 0)).toEqual([1]);
  expect(haves.add(fileOf(1), [2], 'has all', 499)).toBeUndefined();
  expect(haves.add(fileOf(1), [3], 'has all', 500)).toEqual([2, 3]);
  const many = Array.from({ length: 4_095 }, (_, chunk) => chunk);
  expect(haves.add(fileOf(1), many, 'has all', 501)).toBeUndefined();
  expect(haves.add(fileOf(1), [9], 'has all', 501)).toHaveLength(4_096);
});

test('a `have` message names 4,096 chunks at most', async () => {
  const clock = new SimulatedClock();
  const sizes: number[] = [];
  const batch = new HaveBatch(clock, (_, chunks) => sizes.push(chunks.length));
  for (let chunk = 0; chunk < 5_000; chunk++) batch.add(fileOf(1), chunk);
  await clock.advanceAsync(100);
  expect(sizes).toEqual([4_096, 904]);
});

test('16 pages of chunk hashes are requested ahead of the one that is awaited, whatever size a peer claims', async () => {
  const asked: number[] = [];
  const first = { type: 'description', requestId: 0, size: 16 * 1_048_576 * 100_000, firstChunk: 0 } as const;
  void fetchDescription(fileOf(1), (firstChunk) => {
    asked.push(firstChunk);
    if (firstChunk > 0) return new Promise(() => {});
    const page: ControlOf<'description'> = {
      ...first,
      chunkHashes: Array.from({ length: 2_000 }, () => 'a' as never),
    };
    return Promise.resolve(page);
  });
  await new Promise(setImmediate);
  expect(asked).toHaveLength(1 + 17);
});

test('of one peer 256 files are watched at once, and 4,096 are remembered as complete', () => {
  const clock = new SimulatedClock();
  const files = new RemoteFiles({
    send: () => {},
    clock,
    declared: () => {},
    ending: () => {},
    wantedOfUs: () => true,
  });
  const seen = (count: number) =>
    Array.from({ length: count }, (_, number) => files.progressOf(fileOf(number))).filter(
      (view) => view !== undefined,
    );
  for (let number = 0; number < 300; number++) files.watch(fileOf(number), 8);
  expect(seen(300)).toHaveLength(256);
  for (let number = 0; number < 5_000; number++) {
    files.watch(fileOf(number), 8);
    files.receive({ type: 'haveAll', fileId: fileOf(number) });
  }
  expect(seen(5_000)).toHaveLength(4_096);
});

test('4,096 unconfirmed addresses are remembered, the oldest is evicted', () => {
  const exchange = new PeerExchange();
  const namer = (number: number) => ({ peerId: peerIdOf(number), address });
  const at = (number: number) => ({ host: `203.0.${number >> 8}.${number & 255}`, port: 9_000 });
  for (let number = 0; number <= 4_096; number++) expect(exchange.trusts(namer(1), at(number))).toBe(false);
  expect(exchange.trusts(namer(2), at(4_096))).toBe(true);
  expect(exchange.trusts(namer(2), at(0))).toBe(false);
});

test('a new leecher is named to 8 others, and 24 others are named to it', () => {
  const exchange = new PeerExchange();
  const at = (number: number) => ({
    peerId: peerIdOf(number),
    address: { host: `10.0.1.${number}`, port: 9_000 },
  });
  for (let number = 1; number <= 40; number++) exchange.interested(fileOf(1), at(number));
  const [own, ...others] = exchange.interested(fileOf(1), at(41), [at(50)]);
  expect([own?.to, own?.peers.length]).toEqual([peerIdOf(41), 24]);
  expect(others).toHaveLength(8);
});

import { expect, test } from 'vitest';
import { ServingDesk } from '../../../../../Peer/Network/Lanes/Desk/ServingDesk.ts';
import { TransferLimits } from '../../../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import type { LaneServer } from '../../../../../Peer/Network/Lanes/Sending/LaneServer.ts';
import { LaneTokens } from '../../../../../Peer/Network/Lanes/Sending/LaneTokens.ts';
import { Uploads } from '../../../../../Peer/Network/Lanes/Sending/Uploads.ts';
import { FrameDecoder } from '../../../../../Protocol/FrameDecoder.ts';
import type { FileId, PeerId } from '../../../../../Protocol/Ids.ts';
import { PIECE_BYTES_MAX, UPLOAD_SLOTS } from '../../../../../Protocol/Limits.ts';
import {
  decodeLane,
  encodeLane,
  LANE_DATA_HEADER_BYTES,
  type LaneMessage,
} from '../../../../../Protocol/PeerMessages.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { peerIdOf } from '../../links.ts';
import { MemoryShare } from '../../MemoryShare.ts';

const MIB = 1_048_576;
const shortOf = (peer: PeerId | undefined) => Number.parseInt(peer ?? '', 16);

/** Lanes over streams that accept everything at once, nothing, or what the test lets them accept. */
function made() {
  const clock = new SimulatedClock();
  const share = new MemoryShare();
  const { up, classOf } = new TransferLimits(clock, {});
  const desk = new ServingDesk({ provider: share, clock, limiter: up, classOf, memory: Buffer.alloc });
  const tokens = new LaneTokens();
  const log: string[] = [];
  /** Peers that are linked, and the chunks that peers have. */
  const world = { linked: new Set<PeerId>(), held: new Map<PeerId, number>() };
  const tells = (what: string) => (peer: PeerId, fileId: FileId, chunks: readonly number[]) => {
    log.push(`${what} ${shortOf(peer)}: ${share.pathOf(fileId)} ${chunks}`);
  };
  const uploads = new Uploads({
    desk,
    tokens,
    contactOf: (peerId) =>
      world.linked.has(peerId) ? { peerId, name: 'ann', address: { host: '10.0.0.9', port: 1 } } : undefined,
    placed: (peer, place, of) => log.push(`place ${shortOf(peer)}: ${place} of ${of}`),
    heldOf: (peer, fileId) => (share.pathOf(fileId) === '0' ? (world.held.get(peer) ?? 0) : 0),
    demand: { asked: tells('asked'), dropped: tells('dropped'), sent: tells('sent') },
    served: ({ peerId }, fileId, bytes) =>
      log.push(`served ${shortOf(peerId)}: ${share.pathOf(fileId)} ${bytes}`),
    servedBundle: ({ peerId }, { length }) => log.push(`served ${shortOf(peerId)}: a bundle of ${length}`),
    misbehaved: (peer, reason) => log.push(`misbehaved ${shortOf(peer)}: ${reason}`),
  });
  const streamed = (reads: 'reads' | 'never reads') => {
    const seen = { writes: [] as number[], types: [] as string[], destroyed: false };
    const decoder = new FrameDecoder(PIECE_BYTES_MAX + LANE_DATA_HEADER_BYTES);
    const waiting: (() => void)[] = [];
    const stream = {
      remote: { host: '10.0.0.9', port: 1 },
      write: (bytes: Uint8Array, done?: () => void) => {
        seen.writes.push(bytes.length);
        for (const { type, body } of decoder.push(Buffer.from(bytes)))
          seen.types.push(decodeLane(type, body)?.type ?? 'unknown');
        if (reads === 'reads') done?.();
        else if (done !== undefined) waiting.push(done);
        return true;
      },
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {
        seen.destroyed = true;
      },
    };
    /** Lets the system accept what was written. */
    const accept = () => {
      for (const done of waiting.splice(0)) done();
      return clock.flush();
    };
    return { seen, stream, accept };
  };
  const asks = (handler: LaneServer) => {
    const send = (...messages: readonly LaneMessage[]) => {
      handler.data(Buffer.concat(messages.map(encodeLane)));
      return clock.flush();
    };
    let id = 0;
    const request = (files: readonly FileId[], chunks: readonly number[] = [0]) =>
      send(
        ...files.flatMap((fileId) =>
          chunks.map((chunk) => ({ type: 'request', id: ++id, fileId, chunk }) as const),
        ),
      );
    return { send, request };
  };
  const lane = (peer: number, reads: 'reads' | 'never reads' = 'reads') => {
    const { seen, stream, accept } = streamed(reads);
    const token = `${tokensMade++}`.padStart(32, '0');
    tokens.grant(token, peerIdOf(peer), stream.remote.host, clock.nowMs());
    const { handler } = uploads.accept(stream, false, () => {});
    handler.data(encodeLane({ type: 'token', token }));
    return { seen, accept, handler, ...asks(handler) };
  };
  let tokensMade = 0;
  const serve = (peer: number) => {
    const { seen, stream } = streamed('reads');
    const handler = uploads.serve(stream, peerIdOf(peer));
    return { seen, handler, ...asks(handler) };
  };
  let added = 0;
  const files = (count: number, bytes: number) =>
    Array.from({ length: count }, () => share.add(`${added}`, Buffer.alloc(bytes, added++)).fileId);
  return { clock, share, desk, uploads, tokens, world, log, lane, serve, streamed, files };
}

test('small files share a write: 64 of them, or 512 KiB', async () => {
  const { lane, files } = made();
  const tiny = lane(1);
  await tiny.request(files(100, 100));
  expect(tiny.seen.writes).toEqual([64, 36].map((count) => count * (LANE_DATA_HEADER_BYTES + 100)));
  const larger = lane(2);
  await larger.request(files(20, 60_000));
  expect(larger.seen.writes).toEqual([8, 8, 4].map((count) => count * (LANE_DATA_HEADER_BYTES + 60_000)));
});

test('lanes that accept nothing pass their slots on after 10 s', async () => {
  const { clock, lane, files } = made();
  const film = files(1, 1_000_000);
  for (let peer = 1; peer <= 10; peer++) await lane(peer, 'never reads').request(film);
  const late = lane(11);
  await late.request(film);
  await clock.advanceAsync(9_000);
  expect(late.seen.writes).toEqual([]);
  await clock.advanceAsync(5_000);
  expect(late.seen.writes.length).toBeGreaterThan(0);
});

test('the end of a link ends the lanes of its peer, and its tokens', () => {
  const { uploads, tokens, lane } = made();
  const [gone, other] = [lane(1), lane(2)];
  for (const peer of [1, 2]) tokens.grant(`token ${peer}`, peerIdOf(peer), '10.0.0.9', 0);
  uploads.drop(peerIdOf(1));
  expect([gone.seen.destroyed, other.seen.destroyed]).toEqual([true, false]);
  const redeemed = ['token 1', 'token 2'].map((token) => tokens.redeem(token, '10.0.0.9', 1));
  expect(redeemed).toEqual([undefined, peerIdOf(2)]);
});

test('four lanes of a peer are open at once, whichever side opened them', () => {
  const { uploads, lane, serve, log } = made();
  expect(uploads.laneWay(peerIdOf(1))).toBeUndefined();
  const lanes = [lane(1), serve(1), lane(1), serve(1)];
  expect([uploads.lanes, uploads.laneWay(peerIdOf(1))]).toEqual([4, 'by us']);
  expect(() => serve(1)).toThrow('the peer has too many lanes');
  expect(lane(1).seen.destroyed).toBe(true);
  expect(log).toEqual([expect.stringContaining('a lane with an invalid token')]);
  expect(lane(2).seen.destroyed).toBe(false);
  expect(uploads.lanes).toBe(5);
  lanes[0]?.handler.closed();
  expect(lane(1).seen.destroyed).toBe(false);
  expect(uploads.laneWay(peerIdOf(1))).toBe('by them');
});

test('a lane beyond the limit of connections is closed, and a wrong token does no good', () => {
  const { uploads, streamed, log } = made();
  const [full, wrong] = [streamed('reads'), streamed('reads')];
  uploads.accept(full.stream, true, () => {});
  expect([full.seen.destroyed, log]).toEqual([true, []]);
  const { handler, evict, idleMs } = uploads.accept(wrong.stream, false, () => expect.fail());
  expect([wrong.seen.destroyed, idleMs()]).toEqual([false, undefined]);
  handler.data(encodeLane({ type: 'token', token: '0'.repeat(32) }));
  expect([wrong.seen.destroyed, uploads.lanes, log]).toEqual([
    true,
    0,
    [expect.stringMatching(/misbehaved NaN.*a lane with an invalid token/)],
  ]);
  const evicted = streamed('reads');
  uploads.accept(evicted.stream, false, () => {}).evict();
  evict();
  expect(evicted.seen.destroyed).toBe(true);
});

test('a violation of the protocol is reported with its peer, and ends its lane alone', async () => {
  const { uploads, lane, log } = made();
  const [bad, good] = [lane(1), lane(1)];
  await bad.send({ type: 'turn', bytes: 5 });
  expect([bad.seen.destroyed, good.seen.destroyed, uploads.lanes]).toEqual([true, false, 1]);
  expect(log).toEqual([expect.stringMatching(/^misbehaved 1: .*a turn from the side that asks/)]);
});

test('without its last lane a peer is no client any more', async () => {
  const { desk, uploads, lane, files } = made();
  const lanes = [lane(1, 'never reads'), lane(1)];
  await lanes[0]?.request(files(1, 1_000));
  expect([desk.clients, desk.isBusy(peerIdOf(1))]).toEqual([1, true]);
  lanes[0]?.handler.closed();
  await lanes[0]?.accept();
  expect([desk.clients, desk.isBusy(peerIdOf(1)), uploads.laneWay(peerIdOf(1))]).toEqual([
    1,
    false,
    'by them',
  ]);
  lanes[1]?.handler.closed();
  expect([desk.clients, uploads.lanes, uploads.laneWay(peerIdOf(1))]).toEqual([0, 0, undefined]);
  lane(2);
  lane(3);
  uploads.close();
  expect([desk.clients, uploads.lanes]).toEqual([0, 0]);
});

test('a chunk that is not here is rejected: unknown file, part not held yet, beyond the end', async () => {
  const { share, lane, files, log } = made();
  const [whole = ''] = files(1, 2 * MIB);
  const part = share.add('part', Buffer.alloc(2 * MIB, 7), 'nothing');
  const { held } = share.files.get(part.fileId) ?? {};
  if (typeof held === 'object') held.set(1);
  const { seen, request } = lane(1);
  await request([whole as FileId], [2]);
  await request(['e'.repeat(64) as FileId]);
  await request([part.fileId], [0]);
  expect(seen.types).toEqual(['reject', 'reject', 'reject']);
  expect(log).not.toContainEqual(expect.stringContaining('asked'));
  await request([part.fileId], [1]);
  expect(seen.types.slice(3)).toEqual(['data']);
  expect(log).toContain('asked 1: part 1');
});

test('a file is looked up again in the next task', async () => {
  const { share, lane, files } = made();
  const [film = ''] = files(1, 1_000);
  const { seen, request } = lane(1);
  await request([film as FileId]);
  share.files.delete(film as FileId);
  await request([film as FileId]);
  expect(seen.types).toEqual(['data', 'reject']);
});

test('the fate of every request is reported, by file, and what was sent to linked peers is counted', async () => {
  const { lane, files, world, log } = made();
  const [film, song] = files(2, 2 * MIB);
  if (film === undefined || song === undefined) expect.fail();
  const { request, send } = lane(1);
  await request([film], [0, 1]);
  expect(log).toEqual(['asked 1: 0 0,1', 'place 1: 0 of 0', 'sent 1: 0 0', 'sent 1: 0 1']);
  log.length = 0;
  world.linked.add(peerIdOf(1));
  await request([song, film]);
  const bundled = [{ fileId: song, size: 5 }];
  await send({ type: 'bundle', id: 99, files: bundled });
  expect(log.filter((line) => !line.startsWith('place'))).toEqual([
    'asked 1: 1 0',
    'asked 1: 0 0',
    'sent 1: 1 0',
    `served 1: 1 ${MIB}`,
    'sent 1: 0 0',
    `served 1: 0 ${MIB}`,
    'sent 1: 1 0',
    'served 1: a bundle of 1',
  ]);
});

test('requests that are withdrawn, cancelled, or end with their lane are reported as unsent', async () => {
  const { lane, files, world, log } = made();
  world.linked.add(peerIdOf(1));
  const [film, song] = files(2, 4 * MIB);
  if (film === undefined || song === undefined) expect.fail();
  const { request, send, accept, handler } = lane(1, 'never reads');
  // A lane has two buffers: the third chunk waits.
  await request([film], [0, 1, 2]);
  await request([song], [3]);
  log.length = 0;
  await send({ type: 'withdraw', id: 4 });
  expect(log).toEqual(['dropped 1: 1 3']);
  await send({ type: 'cancel', id: 3 });
  await accept();
  expect(log).toEqual(['dropped 1: 1 3', 'dropped 1: 0 2']);
  await request([film], [0, 1, 2]);
  log.length = 0;
  handler.closed();
  await accept();
  expect(log).toEqual(['dropped 1: 0 2']);
});

test('with several clients, chunks leave once before any is repeated; with one, as requested', async () => {
  const { lane, files, log } = made();
  const film = files(1, 4 * MIB);
  const sent = () => log.splice(0).filter((line) => line.startsWith('sent'));
  const one = lane(1);
  await one.request(film, [0]);
  await one.request(film, [0, 2]);
  expect(sent()).toEqual(['sent 1: 0 0', 'sent 1: 0 0', 'sent 1: 0 2']);
  const two = lane(2);
  await two.request(film, [0, 3, 1]);
  expect(sent()).toEqual(['sent 2: 0 3', 'sent 2: 0 1', 'sent 2: 0 0']);
});

test('a peer in the queue is told its place', async () => {
  const { clock, lane, files, log } = made();
  const film = files(1, MIB);
  for (let peer = 1; peer <= UPLOAD_SLOTS; peer++) await lane(peer, 'never reads').request(film);
  log.length = 0;
  for (const peer of [21, 22]) await lane(peer).request(film);
  expect(log.filter((line) => line.startsWith('place'))).toEqual(['place 21: 1 of 1', 'place 22: 2 of 2']);
  await clock.advanceAsync(300);
  expect(log).toContain('place 21: 1 of 2');
});

test('of equal peers the one that has fewest chunks of the file it was sent last is next', async () => {
  const { desk, lane, files, world } = made();
  const [film, song] = [files(1, MIB), files(1, MIB)];
  const [many, few] = [lane(21), lane(22)];
  for (const { request } of [many, few]) await request(film);
  for (const [peer, chunks] of [
    [21, 5],
    [22, 1],
  ] as const)
    world.held.set(peerIdOf(peer), chunks);
  for (let peer = 1; peer <= UPLOAD_SLOTS; peer++) await lane(peer, 'never reads').request(song);
  for (const { request } of [many, few, lane(23)]) await request(song);
  // The last has been sent nothing yet, and counts as without chunks.
  expect(desk.slots.waiting).toEqual([23, 22, 21].map(peerIdOf));
});

test('a place in the queue becomes a turn, which is held for half a second', async () => {
  const { clock, desk, lane, files } = made();
  const { seen, send, request } = lane(1);
  await send({ type: 'lineUp' });
  expect([seen.types, desk.isBusy(peerIdOf(1))]).toEqual([['turn'], true]);
  await clock.advanceAsync(499);
  expect(desk.isBusy(peerIdOf(1))).toBe(true);
  await clock.advanceAsync(1);
  expect(desk.isBusy(peerIdOf(1))).toBe(false);
  await send({ type: 'lineUp' });
  await send({ type: 'pass' });
  expect(desk.isBusy(peerIdOf(1))).toBe(false);
  await send({ type: 'lineUp' });
  await request(files(1, 1_000));
  expect(seen.types).toEqual(['turn', 'turn', 'turn', 'data']);
  expect(desk.isBusy(peerIdOf(1))).toBe(false);
});

test('a peer has demand until the system has accepted its last byte', async () => {
  const { desk, lane, files } = made();
  const { request, accept } = lane(1, 'never reads');
  await request(files(1, 1_000));
  expect(desk.serving()).toHaveLength(1);
  await accept();
  expect(desk.serving()).toHaveLength(0);
});

test('lanes of a peer are served beside each other', async () => {
  const { lane, files } = made();
  const film = files(1, MIB);
  const [one, two] = [lane(1, 'never reads'), lane(1, 'never reads')];
  await one.request(film);
  await two.request(film);
  expect([one.seen.types, two.seen.types]).toEqual([['data'], ['data']]);
  await one.request(film);
  expect(one.seen.types).toEqual(['data']);
});

test('a turn ends after its bytes, and the next peer is served', async () => {
  const { lane, files, desk } = made();
  const film = files(1, 18 * MIB);
  const lanes = Array.from({ length: UPLOAD_SLOTS + 1 }, (_, index) => lane(index + 1, 'never reads'));
  for (const { request } of lanes)
    await request(
      film,
      Array.from({ length: 18 }, (_, chunk) => chunk),
    );
  expect(desk.slots.waiting).toEqual([peerIdOf(UPLOAD_SLOTS + 1)]);
  for (let step = 0; step < 100 && !desk.slots.isServing(peerIdOf(UPLOAD_SLOTS + 1)); step++)
    await lanes[0]?.accept();
  expect(desk.slots.isServing(peerIdOf(1))).toBe(false);
  const sent = lanes[0]?.seen.types.length ?? 0;
  expect(sent).toBe(16);
  await lanes[0]?.accept();
  expect(lanes[0]?.seen.types).toHaveLength(sent);
});

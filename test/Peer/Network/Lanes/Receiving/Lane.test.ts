import { expect, test } from 'vitest';
import { RateLimiter } from '../../../../../Peer/Network/Lanes/Limits/RateLimiter.ts';
import { Lane } from '../../../../../Peer/Network/Lanes/Receiving/Lane.ts';
import { ReceiveBuffers } from '../../../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { FrameDecoder } from '../../../../../Protocol/FrameDecoder.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import { LANE_REQUEST_BYTES_MAX, LANE_REQUESTS_MAX, TURN_UNLIMITED } from '../../../../../Protocol/Limits.ts';
import { decodeLane, type LaneMessage } from '../../../../../Protocol/PeerMessages.ts';
import type { Rates } from '../../../../../Shared/Network/Rates.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

const FILM = 'b'.repeat(64) as FileId;

/** A lane, and what it has sent and told. Its connection opens when the test calls `open`, and fails by `fail`. */
function closedLane(rates: Rates = {}) {
  const clock = new SimulatedClock();
  const decoder = new FrameDecoder(LANE_REQUEST_BYTES_MAX);
  const sent: (LaneMessage | undefined)[] = [];
  const write = (bytes: Uint8Array, done?: () => void) => {
    for (const { type, body } of decoder.push(Buffer.from(bytes))) sent.push(decodeLane(type, body));
    done?.();
    return true;
  };
  const told: (string | number | undefined)[][] = [];
  const tells =
    (what: string) =>
    (...values: (string | number | undefined)[]) => {
      told.push([what, ...values]);
    };
  const calls = { resumed: 0, destroyed: 0 };
  const stream = { write, destroy: () => calls.destroyed++, resume: () => calls.resumed++ };
  let resolve: (stream: ByteStream) => void = () => {};
  let reject: (reason: Error) => void = () => {};
  const opening = new Promise<ByteStream>((...settle) => {
    [resolve, reject] = settle;
  });
  let signal: AbortSignal | undefined;
  const lane = new Lane({
    open: (_handler, _into, aborted) => {
      signal = aborted;
      return opening;
    },
    clock,
    buffers: new ReceiveBuffers(clock),
    limiter: new RateLimiter(clock, rates).flow('lan'),
    received: tells('received'),
    turn: tells('turn'),
    ended: (reason, lost) => told.push(['ended', reason?.code, lost]),
  });
  lane.start();
  const request = (chunk: number, bytes = 10) => {
    const writer = {
      write: async (piece: Uint8Array) => tells('write')(piece.length),
      finish: async () => true,
      abandon: tells('abandon'),
    };
    const [received, late] = [tells(`received ${chunk}`), tells(`late ${chunk}`)];
    return lane.request({ fileId: FILM, chunk, bytes, writer, received, late });
  };
  const open = () => {
    resolve(stream as unknown as ByteStream);
    return clock.flush();
  };
  const types = () => sent.map((message) => message?.type);
  const fail = (reason: Error) => {
    reject(reason);
    return clock.flush();
  };
  return { lane, clock, sent, types, told, request, calls, open, fail, isAborted: () => signal?.aborted };
}

async function openLane(rates: Rates = {}) {
  const made = closedLane(rates);
  await made.open();
  return made;
}

/** A region of `bytes`; counts its releases. */
function region(bytes: number) {
  const buffer = Buffer.alloc(bytes);
  const made = { bytes: buffer, room: buffer, released: 0, release: () => made.released++ };
  return made;
}

test('as many requests are sent as the other side queues; a further one follows the first answer', async () => {
  const { lane, clock, sent, request } = await openLane();
  for (let chunk = 0; chunk <= LANE_REQUESTS_MAX; chunk++) request(chunk);
  await clock.flush();
  expect(sent).toHaveLength(LANE_REQUESTS_MAX);
  lane.rejected({ type: 'reject', id: 1, code: 'changed' });
  await clock.flush();
  expect(sent.at(-1)).toMatchObject({ type: 'request', chunk: LANE_REQUESTS_MAX });
});

test.each([
  [undefined, 'the other side ended the transfer'],
  [new Error('ECONNRESET'), 'the connection broke'],
])('after the end (%s) open and later requests are lost', async (cause, message) => {
  const { lane, request } = await openLane();
  const open = request(1);
  lane.closed(cause);
  expect(await open.outcome).toMatchObject({ kind: 'lost', reason: { code: 'UNREACHABLE', message, cause } });
  expect(await request(2).outcome).toMatchObject({ kind: 'lost' });
});

test('under a limit reading pauses until the limit allows it, and not after the end', async () => {
  const { lane, clock, calls } = await openLane({ total: 1_000 });
  expect(lane.mayReadOn()).toBe(true);
  lane.arrived(3_000);
  expect([lane.mayReadOn(), lane.mayReadOn(), calls.resumed]).toEqual([false, false, 0]);
  await clock.advanceAsync(10_000);
  expect([calls.resumed, lane.mayReadOn()]).toEqual([1, true]);
  for (const bytes of [3_000, 3_000]) lane.arrived(bytes);
  expect(lane.mayReadOn()).toBe(false);
  lane.close();
  await clock.advanceAsync(10_000);
  expect(calls.resumed).toBe(1);
});

test('a reject of another request, known or not, does not end the chunk that arrives', async () => {
  const { lane, request } = await openLane();
  for (const chunk of [1, 2, 3]) request(chunk);
  lane.begin(1, 5);
  for (const id of [2, 99]) lane.rejected({ type: 'reject', id, code: 'changed' });
  expect(() => lane.begin(3, 5)).toThrow('a chunk inside another chunk');
  expect(lane.begin(1, 5)).toBe(true);
});

test('requests made before the connection stands are sent when it does', async () => {
  const { lane, types, request, open } = closedLane();
  request(1);
  lane.lineUp();
  expect([lane.isConnected, types()]).toEqual([false, []]);
  await open();
  expect([lane.isConnected, types()]).toEqual([true, ['request', 'lineUp']]);
});

test('a connection that cannot be opened ends the lane and loses its requests', async () => {
  const { told, request, fail, isAborted } = closedLane();
  const { outcome } = request(1);
  expect(isAborted()).toBe(false);
  await fail(new Error('no route'));
  expect(await outcome).toMatchObject({ kind: 'lost', reason: { code: 'UNREACHABLE' } });
  expect([told, isAborted()]).toEqual([[['abandon'], ['ended', 'UNREACHABLE', 1]], true]);
});

test('a lane that ends while its connection is opened cancels that, and closes what opens anyway', async () => {
  const { lane, types, calls, told, open, isAborted } = closedLane();
  lane.close();
  lane.close();
  expect([isAborted(), calls.destroyed]).toEqual([true, 0]);
  lane.lineUp();
  await open();
  expect([calls.destroyed, types(), told]).toEqual([1, [], [['ended', undefined, 0]]]);
});

test('a closed lane ends its requests, sent or not, as cancelled, and closes its connection', async () => {
  const { lane, request, calls, told } = await openLane();
  const receipts = Array.from({ length: LANE_REQUESTS_MAX + 2 }, (_, chunk) => request(chunk));
  lane.close();
  const reasons = await Promise.all(receipts.map(async ({ outcome }) => outcome));
  expect(new Set(reasons.map((reason) => reason.kind === 'lost' && reason.reason.code))).toEqual(
    new Set(['CANCELLED']),
  );
  expect([calls.destroyed, told.at(-1)]).toEqual([1, ['ended', undefined, LANE_REQUESTS_MAX + 2]]);
});

test('a violation of the protocol ends the lane with its reason', async () => {
  const { lane, told } = await openLane();
  lane.broken(new Error('of no code'));
  expect(told).toEqual([['ended', 'BAD_FRAME', 0]]);
});

test('a request is cancelled on the other side once, and not at all before it was sent', async () => {
  const { lane, clock, sent, request } = await openLane();
  const receipts = Array.from({ length: LANE_REQUESTS_MAX + 1 }, (_, chunk) => request(chunk));
  const unsent = receipts.at(-1);
  for (const receipt of [receipts[4], receipts[4], unsent]) if (receipt) lane.cancel(receipt);
  await clock.flush();
  expect(sent.slice(LANE_REQUESTS_MAX)).toEqual([{ type: 'cancel', id: 5 }]);
  expect(await unsent?.outcome).toEqual({ kind: 'cancelled' });
  lane.rejected({ type: 'reject', id: 1, code: 'changed' });
  await clock.flush();
  expect(sent).toHaveLength(LANE_REQUESTS_MAX + 1);
});

test('the other side decides about a request that is withdrawn, unless it was not sent or has ended', async () => {
  const { lane, clock, sent, request } = await openLane();
  const receipts = Array.from({ length: LANE_REQUESTS_MAX + 1 }, (_, chunk) => request(chunk));
  const [first, second, unsent] = [receipts[0], receipts[1], receipts.at(-1)];
  if (second !== undefined) lane.cancel(second);
  for (const receipt of [first, second, unsent]) if (receipt !== undefined) lane.withdraw(receipt);
  await clock.flush();
  expect(sent.slice(LANE_REQUESTS_MAX)).toEqual([
    { type: 'cancel', id: 2 },
    { type: 'withdraw', id: 1 },
  ]);
  expect([first?.decided, await unsent?.outcome]).toEqual([false, { kind: 'rejected', code: 'cancelled' }]);
});

test('a chunk is whole when all its bytes were announced and came, and its place is free for another', async () => {
  const { lane, clock, types, told, request } = await openLane();
  for (let chunk = 0; chunk <= LANE_REQUESTS_MAX; chunk++) request(chunk);
  const pieces = [region(4), region(6)];
  for (const piece of pieces) {
    expect(lane.begin(1, piece.bytes.length)).toBe(true);
    lane.arrived(piece.bytes.length);
    lane.piece(piece);
    await clock.flush();
    expect(types()).toHaveLength(LANE_REQUESTS_MAX);
    lane.end();
  }
  await clock.flush();
  expect(types()).toHaveLength(LANE_REQUESTS_MAX + 1);
  expect(pieces.map(({ released }) => released)).toEqual([1, 1]);
  expect(told.filter(([what]) => what === 'write')).toEqual([
    ['write', 4],
    ['write', 6],
  ]);
  expect(lane.begin(2, 1)).toBe(true);
});

test('bytes of a request that is still wanted and of one that is not are told apart, and both count', async () => {
  const { lane, told, request } = await openLane();
  const receipt = request(1);
  lane.begin(1, 4);
  lane.arrived(4);
  lane.cancel(receipt);
  expect(lane.begin(1, 6)).toBe(false);
  lane.arrived(6);
  const unwanted = region(6);
  lane.piece(unwanted);
  lane.end();
  const behind = region(1);
  lane.piece(behind);
  expect([unwanted.released, behind.released]).toEqual([1, 1]);
  expect(told).toEqual([['received', 4], ['received 1', 4], ['abandon'], ['received', 6], ['late 1', 6]]);
});

test('a piece that was not requested, or is longer than its chunk, breaks the lane', async () => {
  const { lane, request } = await openLane();
  request(1);
  expect(() => lane.begin(2, 1)).toThrow('a piece that was not requested');
  expect(lane.begin(1, 10)).toBe(true);
  expect(() => lane.begin(1, 1)).toThrow('more bytes than the chunk has');
});

test('a turn is asked for once until it is granted, and passed on after 1 ms without a request', async () => {
  const { lane, clock, types, told, request } = await openLane();
  expect(() => lane.turn(5)).toThrow('a turn that was not requested');
  const granted = async (bytes: number) => {
    lane.lineUp();
    lane.lineUp();
    lane.turn(bytes);
  };
  await granted(5);
  await clock.advanceAsync(0);
  expect(types()).toEqual(['lineUp']);
  await clock.advanceAsync(1);
  expect(types()).toEqual(['lineUp', 'pass']);
  await granted(6);
  request(1);
  await clock.advanceAsync(1);
  expect(types().slice(2)).toEqual(['lineUp', 'request']);
  expect(told).toEqual([
    ['turn', 5],
    ['turn', 6],
  ]);
});

test('a lane that ends in the queue ends the wait for its turn', async () => {
  const { lane, told } = await openLane();
  lane.lineUp();
  lane.close();
  expect(told).toEqual([
    ['turn', TURN_UNLIMITED],
    ['ended', undefined, 0],
  ]);
});

test('a lane is idle from its last answer or turn on, while it waits for neither', async () => {
  const { lane, clock, request } = await openLane();
  const idleAfter = (ms: number) => {
    clock.advance(ms);
    return lane.idleMs;
  };
  expect(idleAfter(5)).toBe(5);
  for (const chunk of [1, 2]) request(chunk);
  expect(idleAfter(5)).toBe(0);
  lane.rejected({ type: 'reject', id: 1, code: 'changed' });
  expect(idleAfter(5)).toBe(0);
  lane.rejected({ type: 'reject', id: 2, code: 'changed' });
  expect(idleAfter(7)).toBe(7);
  lane.lineUp();
  expect(idleAfter(5)).toBe(0);
  lane.turn(1);
  expect(idleAfter(3)).toBe(3);
});

test('large frames are expected while no small request is open, and until 64 KiB of a chunk are left', async () => {
  const { lane, request } = await openLane();
  expect(lane.expectsLarge()).toBe(true);
  request(1, 65_536);
  expect(lane.expectsLarge()).toBe(true);
  request(2, 65_535);
  expect(lane.expectsLarge()).toBe(false);
  lane.rejected({ type: 'reject', id: 2, code: 'changed' });
  expect(lane.expectsLarge()).toBe(true);
  request(3, 200_000);
  lane.begin(3, 200_000 - 65_536);
  expect(lane.expectsLarge()).toBe(true);
  lane.begin(3, 1);
  expect(lane.expectsLarge()).toBe(false);
});

test('one read is as large as the limit allows at once, and memory that is free again does not lift the limit', async () => {
  const { lane, clock, calls } = await openLane({ total: 10_000_000 });
  expect(lane.readBytesMax()).toBe(500_000);
  lane.readable();
  expect(calls.resumed).toBe(1);
  for (const bytes of [3_000_000, 3_000_000]) lane.arrived(bytes);
  lane.readable();
  expect(calls.resumed).toBe(1);
  await clock.advanceAsync(10_000);
  expect(calls.resumed).toBe(2);
  lane.close();
  lane.readable();
  expect(calls.resumed).toBe(2);
});

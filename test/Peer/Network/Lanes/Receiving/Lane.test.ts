import { expect, test } from 'vitest';
import { RateLimiter } from '../../../../../Peer/Network/Lanes/Limits/RateLimiter.ts';
import { Lane } from '../../../../../Peer/Network/Lanes/Receiving/Lane.ts';
import { ReceiveBuffers } from '../../../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { FrameDecoder } from '../../../../../Protocol/FrameDecoder.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import { LANE_REQUEST_BYTES_MAX, LANE_REQUESTS_MAX } from '../../../../../Protocol/Limits.ts';
import { decodeLane, type LaneMessage } from '../../../../../Protocol/PeerMessages.ts';
import type { Rates } from '../../../../../Shared/Network/Rates.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

const FILM = 'b'.repeat(64) as FileId;

/** An open lane, and the messages that it has sent. */
async function openLane(rates: Rates = {}) {
  const clock = new SimulatedClock();
  const decoder = new FrameDecoder(LANE_REQUEST_BYTES_MAX);
  const sent: (LaneMessage | undefined)[] = [];
  const write = (bytes: Uint8Array, done?: () => void) => {
    for (const { type, body } of decoder.push(Buffer.from(bytes))) sent.push(decodeLane(type, body));
    done?.();
    return true;
  };
  let resumed = 0;
  const stream = { write, destroy: () => {}, resume: () => resumed++ } as unknown as ByteStream;
  const lane = new Lane({
    open: async () => stream,
    clock,
    buffers: new ReceiveBuffers(clock),
    limiter: new RateLimiter(clock, rates).flow('lan'),
    received: () => {},
    turn: () => {},
    ended: () => {},
  });
  lane.start();
  const writer = { write: async () => {}, finish: async () => true, abandon: () => {} };
  const request = (chunk: number) =>
    lane.request({ fileId: FILM, chunk, bytes: 10, writer, received: () => {} });
  await clock.flush();
  return { lane, clock, sent, request, resumed: () => resumed };
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
  const { lane, clock, resumed } = await openLane({ total: 1_000 });
  expect(lane.mayReadOn()).toBe(true);
  lane.arrived(3_000);
  expect([lane.mayReadOn(), lane.mayReadOn(), resumed()]).toEqual([false, false, 0]);
  await clock.advanceAsync(10_000);
  expect([resumed(), lane.mayReadOn()]).toEqual([1, true]);
  for (const bytes of [3_000, 3_000]) lane.arrived(bytes);
  expect(lane.mayReadOn()).toBe(false);
  lane.close();
  await clock.advanceAsync(10_000);
  expect(resumed()).toBe(1);
});

test('a reject of another request, known or not, does not end the chunk that arrives', async () => {
  const { lane, request } = await openLane();
  for (const chunk of [1, 2, 3]) request(chunk);
  lane.begin(1, 5);
  for (const id of [2, 99]) lane.rejected({ type: 'reject', id, code: 'changed' });
  expect(() => lane.begin(3, 5)).toThrow('a chunk inside another chunk');
  expect(lane.begin(1, 5)).toBe(true);
});

import { expect, test } from 'vitest';
import { ExpectedLanes } from '../../../../../Peer/Network/Lanes/Receiving/ExpectedLanes.ts';
import { encodeLane } from '../../../../../Protocol/PeerMessages.ts';
import type { ByteStream, ReadTarget } from '../../../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

const HOST = '10.0.0.7';
const TOKEN = 'a'.repeat(32);

/** A lane with the expected token. @param reads - whether its stream can read into memory of its owner */
async function opened(readsInto: boolean) {
  const reasons: unknown[] = [];
  const lanes = new ExpectedLanes(new SimulatedClock(), (_host, reason) => reasons.push(reason));
  const targets: ReadTarget[] = [];
  const filled: number[] = [];
  const memory = Buffer.alloc(8);
  const into: ReadTarget = {
    nextBuffer: () => memory,
    filled: (bytes) => {
      filled.push(bytes);
      return true;
    },
  };
  const stream: ByteStream = {
    remote: { host: HOST, port: 1 },
    write: () => true,
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
    readInto: (target) => {
      targets.push(target);
      return readsInto;
    },
  };
  const expected = { host: HOST, handler: { closed: () => {} }, into };
  const lane = lanes.expect(TOKEN, expected, new AbortController().signal);
  const { handler } = lanes.accept(stream, false, () => {});
  handler.data?.(encodeLane({ type: 'token', token: TOKEN }));
  return { handler, stream, lane: await lane, into, targets, filled, reasons };
}

test('a back lane is read into the memory of its owner where the stream can', async () => {
  const { handler, stream, lane, into, targets, filled, reasons } = await opened(true);
  expect(lane).toBe(stream);
  expect(targets).toEqual([into]);
  handler.data?.(Buffer.alloc(3)); // The stream promised that no `data` follows.
  expect([filled, reasons]).toEqual([[], []]);
});

test('a back lane over a stream that cannot is copied', async () => {
  const { handler, stream, lane, filled, reasons } = await opened(false);
  expect(lane).not.toBe(stream);
  handler.data?.(Buffer.alloc(11));
  expect([filled, reasons]).toEqual([[8, 3], []]);
});

import { expect, test } from 'vitest';
import { ExpectedLanes } from '../../../../../Peer/Network/Lanes/Receiving/ExpectedLanes.ts';
import { encodeLane } from '../../../../../Protocol/PeerMessages.ts';
import type { ByteStream, ReadTarget } from '../../../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

const HOST = '10.0.0.7';
const TOKEN = 'a'.repeat(32);

const HELLO = encodeLane({ type: 'token', token: TOKEN });

/** An expected lane, and a connection from `host`. @param reads - whether its stream can read into memory of its owner */
function connection({ readsInto = true, host = HOST, full = false } = {}) {
  const seen = { reasons: [] as unknown[], targets: [] as ReadTarget[], filled: [] as number[], calls: '' };
  const lanes = new ExpectedLanes(new SimulatedClock(), (_host, reason) => seen.reasons.push(reason));
  const memory = Buffer.alloc(8);
  const into: ReadTarget = {
    nextBuffer: () => memory,
    filled: (bytes) => {
      seen.filled.push(bytes);
      return true;
    },
  };
  const stream: ByteStream = {
    remote: { host, port: 1 },
    write: () => true,
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {
      seen.calls += 'destroyed ';
    },
    readInto: (target) => {
      seen.targets.push(target);
      return readsInto;
    },
  };
  const owner = {
    drained: () => {
      seen.calls += 'drained ';
    },
    closed: () => {
      seen.calls += 'closed ';
    },
  };
  const lane = lanes.expect(TOKEN, { host: HOST, handler: owner, into }, new AbortController().signal);
  void lane.then(() => {
    seen.calls += 'opened ';
  });
  const { handler, evict } = lanes.accept(stream, full, () => {});
  return { handler, evict, stream, lane, into, seen };
}

async function opened(readsInto: boolean) {
  const { seen, ...made } = connection({ readsInto });
  made.handler.data?.(HELLO);
  return { ...made, ...seen, lane: await made.lane };
}

test.each([
  ['another host', '10.0.0.8', HELLO, 'destroyed '],
  ['another token', HOST, encodeLane({ type: 'token', token: 'b'.repeat(32) }), 'destroyed '],
  ['another message', HOST, encodeLane({ type: 'lineUp' }), 'destroyed '],
  ['a giant frame', HOST, Buffer.from('0010000001', 'hex'), 'destroyed '],
  ['its token twice', HOST, Buffer.concat([HELLO, HELLO]), 'destroyed opened '],
])('a back lane with %s is a violation', async (_what, host, bytes, calls) => {
  const { handler, seen } = connection({ host });
  handler.data?.(bytes);
  await Promise.resolve();
  expect([seen.reasons, seen.calls]).toEqual([[expect.objectContaining({ code: 'BAD_FRAME' })], calls]);
});

test('the owner of a back lane learns of its end, and it can be evicted', async () => {
  const { handler, evict, lane, seen } = connection();
  handler.drained?.();
  handler.data?.(HELLO);
  await lane;
  handler.drained?.();
  handler.closed(undefined);
  evict();
  expect(seen.calls).toBe('opened drained closed destroyed ');
  expect(connection({ full: true }).seen.calls).toBe('destroyed ');
});

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

import { expect, test } from 'vitest';
import { RateLimiter } from '../../../../../Peer/Network/Lanes/Limits/RateLimiter.ts';
import { LaneKeeper } from '../../../../../Peer/Network/Lanes/Receiving/LaneKeeper.ts';
import { ReceiveBuffers } from '../../../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import type { FileId } from '../../../../../Protocol/Ids.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

function keeper() {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, {});
  const dials: { readonly open: (stream: ByteStream) => void; readonly fail: () => void }[] = [];
  const gone: ShoalError[] = [];
  const lane = new LaneKeeper(
    {
      open: () =>
        new Promise((open, reject) => {
          dials.push({ open, fail: () => reject(new ShoalError('UNREACHABLE', 'refused')) });
        }),
      clock,
      buffers: new ReceiveBuffers(clock),
      flow: () => limiter.flow('lan'),
      received: () => {},
      turn: () => {},
    },
    (reason) => gone.push(reason),
  );
  const writer = { write: async () => {}, finish: async () => true, abandon: () => {} };
  const request = () =>
    lane.request({ fileId: 'b'.repeat(64) as FileId, chunk: 0, bytes: 10, writer, received: () => {} });
  return { lane, dials, gone, request };
}

test('a lane is shown as opening or open, and the second failure in a row is reported', async () => {
  const { lane, dials, gone, request } = keeper();
  expect(lane.state).toBeUndefined();
  for (const failures of [1, 2]) {
    const { outcome } = request();
    expect(lane.state).toBe('opening');
    await expect.poll(() => dials.length).toBe(failures);
    dials.at(-1)?.fail();
    expect(await outcome).toMatchObject({ kind: 'lost' });
    expect(gone.length).toBe(failures - 1);
    expect(lane.state).toBeUndefined();
  }

  request();
  await expect.poll(() => dials.length).toBe(3);
  dials.at(-1)?.open({ write: () => true, destroy: () => {}, resume: () => {} } as unknown as ByteStream);
  await expect.poll(() => lane.state).toBe('open');
  lane.close();
});

test('a dropped request is lost for its reason', async () => {
  const { lane, request } = keeper();
  const receipt = request();
  const reason = new ShoalError('TIMEOUT', 'stalled');
  lane.drop(receipt, reason);
  expect(await receipt.outcome).toEqual({ kind: 'lost', reason });
  lane.close();
});

import { expect, test } from 'vitest';
import { REGION_ROOM, ReceiveBuffers } from '../../../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

test('with 20 buffers in use of which 8 are being written, no further one is given out', () => {
  const memory = () => Buffer.alloc(8);
  const buffers = new ReceiveBuffers(new SimulatedClock(), 64 * REGION_ROOM, memory);
  const take = () => buffers.region(REGION_ROOM);
  const regions = Array.from({ length: 19 }, take);
  for (const region of regions.slice(0, 7)) region?.full?.();
  const more = [take(), take()];
  expect(more).not.toContain(undefined);
  regions[7]?.full?.();
  expect(take()).toBeUndefined();
  regions[7]?.release();
  expect(take()).toBeDefined();
});

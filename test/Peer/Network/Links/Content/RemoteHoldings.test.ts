import { expect, test } from 'vitest';
import { RemoteHoldings } from '../../../../../Peer/Network/Links/Content/RemoteHoldings.ts';
import { CHUNK_COUNT_MAX } from '../../../../../Protocol/Limits.ts';

test('bits of chunks that no file has take no memory before the number of chunks is known', () => {
  const holdings = new RemoteHoldings();
  holdings.bits(2 ** 36, Buffer.of(0xff)); // With room up to it, this would throw.
  holdings.chunks([CHUNK_COUNT_MAX + 1]);
  holdings.bits(0, Buffer.of(0x80));
  holdings.setChunkCount(8);
  expect([...(holdings.have?.indexes() ?? [])]).toEqual([0]);
});

import { expect, test } from 'vitest';
import { BufferPool } from '../../../../Peer/Network/Lanes/BufferPool.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

test('requests are served in order, and none before those that are queued', () => {
  let mayGive = true;
  const pool = new BufferPool(8, 16, new SimulatedClock(), Buffer.alloc, () => mayGive);
  const [first, second] = [pool.take(), pool.take()];
  expect([pool.taken, pool.short, pool.take()]).toEqual([2, false, undefined]);
  const given: string[] = [];
  pool.wait(() => given.push('one'));
  const cancel = pool.wait(() => given.push('two'));
  pool.wait(() => given.push('three'));
  cancel();
  mayGive = false;
  first?.release();
  mayGive = true;
  expect([pool.taken, pool.short, pool.take(), given]).toEqual([1, true, undefined, []]);
  second?.release();
  expect([pool.taken, pool.short, given]).toEqual([2, false, ['one', 'three']]);
});

import { expect, test } from 'vitest';
import { Calls } from '../../../../../Peer/Network/Links/Calling/Calls.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { peerIdOf } from '../../links.ts';

test('a call is not repeated for 5 s; beyond 1,024 peers the oldest call is evicted', async () => {
  const clock = new SimulatedClock();
  const passed: string[] = [];
  const byTracker = async (peerId: string) => void passed.push(peerId);
  const calls = new Calls({ clock, linked: () => [], byTracker });
  for (const _ of [1, 2]) await calls.call(peerIdOf(1));
  expect(passed).toHaveLength(1);
  for (let peer = 2; peer <= 1_024; peer++) await calls.call(peerIdOf(peer));
  expect(calls.hasCalled(peerIdOf(1))).toBe(true);
  await calls.call(peerIdOf(1_025));
  expect([1, 2, 1_025].map((peer) => calls.hasCalled(peerIdOf(peer)))).toEqual([false, true, true]);
  clock.advance(5_000);
  await calls.call(peerIdOf(2));
  expect(passed.filter((peer) => peer === peerIdOf(2))).toHaveLength(2);
});

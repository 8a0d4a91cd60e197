import { expect, test } from 'vitest';
import { PendingHashes, type PendingHashesOptions } from '../../../../Peer/Files/Catalog/PendingHashes.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

test('1,000 damaged files are remembered, the oldest is hashed again', () => {
  const clock = new SimulatedClock();
  const pending = new PendingHashes({ clock, wallMs: clock.wallMs } as unknown as PendingHashesOptions);
  const times = { modifiedMs: 0, touchedMs: 0, mtimeNs: 0n, ctimeNs: 0n };
  const state = { size: 1, device: '1', inode: 1n, ...times };
  for (let number = 0; number <= 1_000; number++) pending.damaged(`${number}`, state);
  expect(['0', '1', '1000'].map((path) => pending.hasFailed(path, state))).toEqual([false, true, true]);
});

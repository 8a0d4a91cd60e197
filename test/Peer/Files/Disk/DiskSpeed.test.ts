import { expect, test, vi } from 'vitest';
import type { DiskFile } from '../../../../Peer/Files/Disk/Disk.ts';
import { measureDisk } from '../../../../Peer/Files/Disk/DiskSpeed.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';

const TEMP = '/share/Temp';

function disk() {
  const made = new MemoryDisk({ random: new SeededRandom(1) });
  made.putFolder('/share');
  return made;
}

/** A clock that advances by the same number of milliseconds at each read. */
function clockOf(stepMs: number) {
  let nowMs = 0;
  const nowMsOf = () => {
    nowMs += stepMs;
    return nowMs;
  };
  return { nowMs: nowMsOf, after: () => () => {} };
}

test('writes for a second at most, reports bytes per second, and leaves no file', async () => {
  const slow = disk();
  const measured = await measureDisk(slow, TEMP, clockOf(600));
  // Two pieces of 4 MiB; the clock was read at the start, after each piece, and at the end.
  expect(measured).toEqual({ freeBytes: slow.free, bytesPerSecond: (8 * 1_048_576) / 1.8 });
  expect(slow.names(TEMP)).toEqual([]);
  const fast = disk();
  const kept = { write: async () => {}, datasync: async () => true, close: () => {} };
  vi.spyOn(fast, 'create').mockReturnValue(kept as Partial<DiskFile> as DiskFile);
  const speed = await measureDisk(fast, TEMP, clockOf(0));
  expect(speed.bytesPerSecond).toBe(64 * 1_048_576 * 1_000);
});

test('a disk with little space is not filled', async () => {
  const full = disk();
  full.free = 200_000_000;
  const before = full.calls;
  expect(await measureDisk(full, TEMP, clockOf(1))).toEqual({
    freeBytes: 200_000_000,
    bytesPerSecond: undefined,
  });
  expect(full.calls - before).toBeLessThanOrEqual(1);
});

test.each([1, 3, 5])('a failure at call %i is reported, and the file removed', async (call) => {
  const broken = disk();
  broken.failAt(call, 'EIO');
  const measured = await measureDisk(broken, TEMP, clockOf(1));
  expect(measured).toMatchObject({ bytesPerSecond: undefined, failure: expect.stringContaining('EIO') });
  expect(broken.names(TEMP)).toEqual([]);
});

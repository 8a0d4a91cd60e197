import { expect, test } from 'vitest';
import { BatchInstallers } from '../../../../Peer/Files/Batches/BatchInstallers.ts';
import { inlineSmallWriter } from '../../../../Peer/Files/Batches/SmallWriter.ts';
import { DiskNames } from '../../../../Peer/Files/Disk/DiskNames.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function desk() {
  const disk = new MemoryDisk({ random: new SeededRandom(1), links: true });
  disk.putFolder('/share');
  disk.putFolder('/share/Temp');
  const clock = new SimulatedClock();
  const writers = { made: 0, closed: 0 };
  const installers = new BatchInstallers({
    disk,
    clock,
    root: '/share',
    temp: '/share/Temp',
    names: new DiskNames(disk, '/share/Temp'),
    events: { installedInBatch: () => {}, folderInstalled: () => {} },
    isHere: () => undefined,
    makeWriter: () => {
      writers.made++;
      return {
        ...inlineSmallWriter(disk),
        close: async () => {
          writers.closed++;
        },
      };
    },
  });
  const open = () => installers.open([], { installed: () => {}, failed: () => {} });
  return { clock, writers, installers, open };
}

test('a writer is created once, and closed when no download has used it for ten seconds', async () => {
  const { clock, writers, installers, open } = desk();
  installers.prepare();
  expect(writers).toEqual({ made: 1, closed: 0 });
  const [one, other] = [open(), open()];
  clock.advance(60_000);
  await one.close();
  expect(writers).toEqual({ made: 1, closed: 0 });
  await other.close();
  clock.advance(9_000);
  await open().close();
  clock.advance(9_999);
  expect(writers).toEqual({ made: 1, closed: 0 });
  clock.advance(1);
  expect(writers).toEqual({ made: 1, closed: 1 });
  expect(clock.pending).toBe(0);
});

test('after a download of many files the writer is closed at once', async () => {
  const { writers, open } = desk();
  const download = open();
  const file = { row: 0, path: 'tree/f', fileId: '0'.repeat(64) as FileId, size: 1, offset: 0 };
  for (let n = 0; n < 20; n++) await download.install(new Uint8Array(1), Array(1_000).fill(file));
  await download.close();
  expect(writers).toEqual({ made: 1, closed: 1 });
});

test('a writer that no download uses is closed after ten seconds', () => {
  const { clock, writers, installers } = desk();
  installers.prepare();
  clock.advance(6_000);
  installers.prepare();
  clock.advance(9_999);
  expect(writers).toEqual({ made: 1, closed: 0 });
  clock.advance(1);
  expect(writers).toEqual({ made: 1, closed: 1 });
});

import { join } from 'node:path';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { DiskSpeed } from '../../ShareModel.ts';
import { type Disk, diskError, ensureFolder, removeQuietly } from './Disk.ts';

const MIB = 1_048_576;
const PIECE_BYTES = 4 * MIB;
/** Random bytes that are repeated. */
const PATTERN_BYTES = 65_536;
/** Bytes written at most, and time after which no further piece is begun. */
const BYTES_MAX = 64 * MIB;
const WRITING_MS = 1_000;
/** Least free space for a test of the speed. */
const FREE_BYTES_MIN = 4 * BYTES_MAX;
/** Of the names that the next start removes, should the program end during the test. */
const NAME = `${'0'.repeat(64)}.new`;

/** Measures a disk by a file that is removed again. Never rejects. */
export async function measureDisk(disk: Disk, folder: string, clock: Clock): Promise<DiskSpeed> {
  let freeBytes = 0;
  try {
    ensureFolder(disk, folder);
    freeBytes = disk.freeBytes(folder);
    if (freeBytes < FREE_BYTES_MIN) return { freeBytes, bytesPerSecond: undefined };
    return { freeBytes, bytesPerSecond: await writeSpeed(disk, join(folder, NAME), clock) };
  } catch (failure) {
    return {
      freeBytes,
      bytesPerSecond: undefined,
      failure: diskError(failure, 'writing a test file').message,
    };
  }
}

async function writeSpeed(disk: Disk, path: string, clock: Clock): Promise<number> {
  removeQuietly(disk, path);
  // Some file systems store zeros without writing them.
  const piece = Buffer.alloc(PIECE_BYTES, new SeededRandom(1).bytes(PATTERN_BYTES));
  const file = disk.create(path);
  try {
    const startMs = clock.nowMs();
    let bytes = 0;
    do {
      await file.write(piece, bytes);
      bytes += piece.length;
    } while (bytes < BYTES_MAX && clock.nowMs() - startMs < WRITING_MS);
    await file.datasync();
    return (bytes / Math.max(1, clock.nowMs() - startMs)) * 1_000;
  } finally {
    file.close();
    removeQuietly(disk, path);
  }
}

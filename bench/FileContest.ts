import { join } from 'node:path';
import type { Contender } from './Contender.ts';
import { writeRandomFile } from './Files.ts';
import { type Medium, place, removeFolder, temporaryFolder } from './Places.ts';
import { shoal } from './Rivals/Shoal.ts';
import { type Contest, contest } from './Turns.ts';

export interface FileContestOptions {
  readonly medium: Medium;
  readonly bytes: number;
  readonly seeders: number;
  /** Default: Shoal. */
  readonly ours?: Contender;
  readonly rivals: readonly Contender[];
  readonly pairs: number;
}

/** Runs a contest with one large file on a medium. @returns the contest, or the reason why it did not run */
export async function fileContest(options: FileContestOptions): Promise<Contest | { reason: string }> {
  const { medium, bytes, seeders, ours = shoal, rivals, pairs } = options;
  return onMedium(medium, 2 * bytes, async (folder) => {
    console.log(`  ${(bytes / 2 ** 30).toFixed(2)} GiB, ${medium} (${folder}), senders: ${seeders}`);
    const scene = { folder, source: join(folder, 'source'), name: 'large.bin', files: 1, bytes, seeders };
    await writeRandomFile(join(scene.source, scene.name), bytes);
    const entries = rivals.map((contender) => ({ contender, scene }));
    return contest({ contender: ours, scene }, entries, pairs);
  });
}

/**
 * Calls `use` with a fresh folder on a medium that has room for `bytes`, and removes it.
 * @returns its result, or the reason why it was not called
 */
export async function onMedium<T>(
  medium: Medium,
  bytes: number,
  use: (folder: string) => Promise<T>,
): Promise<T | { reason: string }> {
  const where = await place(medium, bytes);
  if ('reason' in where) return where;
  const folder = await temporaryFolder(where.path);
  try {
    return await use(folder);
  } finally {
    await removeFolder(folder);
  }
}

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
  readonly rivals: readonly Contender[];
  readonly pairs: number;
}

/** One large file on a medium: ours against rivals. @returns the contest, or why there was none */
export async function fileContest(options: FileContestOptions): Promise<Contest | { reason: string }> {
  const { medium, bytes, seeders, rivals, pairs } = options;
  const where = await place(medium, 2 * bytes);
  if ('reason' in where) return where;
  console.log(`  ${(bytes / 2 ** 30).toFixed(2)} GiB, ${medium} (${where.path}), givers: ${seeders}`);
  const folder = await temporaryFolder(where.path);
  try {
    const file = { name: 'large.bin', path: join(folder, 'source', 'large.bin'), bytes };
    await writeRandomFile(file.path, bytes);
    return await contest({ folder, file, seeders }, shoal, rivals, pairs);
  } finally {
    await removeFolder(folder);
  }
}

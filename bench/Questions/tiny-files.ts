import type { Report } from '../Report.ts';
import { rsync } from '../Rivals/Rsync.ts';
import type { Settings } from '../Settings.ts';
import { smallFolders } from '../SmallFolders.ts';

/** A folder of very many files of 1 KiB, against rsync. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const files = quick ? 50_000 : 200_000;
  return smallFolders([{ medium: 'memory', files, bytes: 1_024, rivals: [rsync], ratio: 0.7 }], pairs);
}

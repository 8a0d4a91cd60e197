import type { Report } from '../Report.ts';
import { rsync } from '../Rivals/Rsync.ts';
import { treePump } from '../Rivals/TreePump.ts';
import type { Settings } from '../Settings.ts';
import { smallFolders } from '../SmallFolders.ts';

/** Folders of 4 KiB files, against rsync and a bare Node program. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const tree = { files: quick ? 5_000 : 20_000, bytes: 4_096, rivals: [rsync, treePump], ratio: 1 };
  const report = await smallFolders(
    [
      { ...tree, medium: 'memory' },
      { ...tree, medium: 'disk' },
    ],
    pairs,
  );
  const pump =
    'The bare pump opens, reads and sends all files, the other side hashes and writes them: no listing, no requests, no catalog. Its receiver runs already and is fresh, as ours is.';
  return { ...report, notes: [...report.notes, pump] };
}

import { join } from 'node:path';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from '../ContestReport.ts';
import { onMedium } from '../FileContest.ts';
import { writeTree } from '../Files.ts';
import { atLeast, type Goal, type Report } from '../Report.ts';
import { rsync } from '../Rivals/Rsync.ts';
import { shoal } from '../Rivals/Shoal.ts';
import { treePump } from '../Rivals/TreePump.ts';
import type { Settings } from '../Settings.ts';
import { contest } from '../Turns.ts';

/** A folder of many small files, against rsync over loopback and a bare Node program. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const [count, size] = [quick ? 5_000 : 20_000, 4_096];
  const tables = [];
  const goals: Goal[] = [];
  const notes: string[] = [
    'From the command to the last file. Our receiver runs already, but was just started: none of its code is compiled yet. rsync includes its start.',
    'The bare pump opens, reads and sends all files, the other side hashes and writes them: no listing, no requests, no catalog. Its receiver runs already and is fresh, as ours is.',
  ];
  const figures: Record<string, unknown> = {};
  for (const medium of ['memory', 'disk'] as const) {
    const result = await onMedium(medium, (1 + 4 * pairs) * count * size, async (folder) => {
      console.log(`  ${medium} (${folder})`);
      const scene = {
        folder,
        source: join(folder, 'source'),
        name: 'tree/',
        files: count,
        bytes: count * size,
        seeders: 1,
      };
      await writeTree(join(scene.source, scene.name), count, size);
      const rivals = [rsync, treePump].map((contender) => ({ contender, scene }));
      return contest({ contender: shoal, scene }, rivals, pairs);
    });
    if ('reason' in result) {
      notes.push(`${medium}: not measured, ${result.reason}`);
      continue;
    }
    const [, ...columns] = CONTEST_COLUMNS;
    tables.push({ columns: [medium, ...columns], rows: contestRows(result) });
    const against = result.pairs.get(rsync.name);
    if (against !== undefined)
      goals.push(atLeast(`faster than ${rsync.name}, ${medium}`, 1, speedRatio(against).median));
    notes.push(...result.skipped.map((text) => `${medium}: without ${text}`));
    figures[medium] = contestFigures(result);
  }
  return { title: `${count} files of ${size} bytes`, tables, goals, notes, figures };
}

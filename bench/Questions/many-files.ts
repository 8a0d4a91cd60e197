import { join } from 'node:path';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from '../ContestReport.ts';
import { onMedium } from '../FileContest.ts';
import { writeRandomFile, writeTree } from '../Files.ts';
import { atLeast, type Report } from '../Report.ts';
import { rsync } from '../Rivals/Rsync.ts';
import { shoal, shoalNamed } from '../Rivals/Shoal.ts';
import type { Settings } from '../Settings.ts';
import { contest } from '../Turns.ts';

const LARGE = 'Shoal, one file of as much';

/** A folder of files of 1 MiB: the cost compared with one large file. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const [count, size] = [quick ? 200 : 1_000, 2 ** 20];
  const title = `${count} files of 1 MiB, memory`;
  const bytes = count * size;
  const result = await onMedium('memory', 4 * bytes, async (folder) => {
    const source = join(folder, 'source');
    await writeTree(join(source, 'tree'), count, size);
    await writeRandomFile(join(source, 'large.bin'), bytes);
    const tree = { folder, source, name: 'tree/', files: count, bytes, seeders: 1 };
    const large = { ...tree, name: 'large.bin', files: 1 };
    const rivals = [
      { contender: shoalNamed(LARGE), scene: large },
      { contender: rsync, scene: tree },
    ];
    return contest({ contender: shoal, scene: tree }, rivals, pairs);
  });
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const goals = [...result.pairs]
    .filter(([name]) => name === LARGE)
    .map(([, of]) => atLeast('at least 0.8 of the rate of one large file', 0.8, speedRatio(of).median));
  return {
    title,
    tables: [{ columns: CONTEST_COLUMNS, rows: contestRows(result) }],
    goals,
    notes: result.skipped.map((text) => `without ${text}`),
    figures: contestFigures(result),
  };
}

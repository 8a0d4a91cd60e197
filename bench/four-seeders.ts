import type { Contender } from './Contender.ts';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from './ContestReport.ts';
import { fileContest } from './FileContest.ts';
import { atLeast, type Goal, type Report } from './Report.ts';
import { aria2 } from './Rivals/Aria2.ts';
import { libtorrent } from './Rivals/Libtorrent.ts';
import { shoalNamed } from './Rivals/Shoal.ts';
import { webTorrent } from './Rivals/WebTorrent.ts';
import type { Settings } from './Settings.ts';

const FROM_ONE = 'Shoal, from one seeder';

/** In the same scene, but only one peer gives. */
function fromOne(): Contender {
  const { prepare, open, ...rest } = shoalNamed(FROM_ONE);
  return {
    ...rest,
    prepare: async (scene) => prepare?.({ ...scene, seeders: 1 }),
    open: (scene) => open({ ...scene, seeders: 1 }),
  };
}

/** Four seeders, one leecher, one large file: is it worth having more than one source on one machine? */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 0.5 : 1) * 2 ** 30;
  const title = `Four seeders, one leecher, ${bytes / 2 ** 30} GiB, memory`;
  const rivals = [fromOne(), aria2, libtorrent, webTorrent];
  const result = await fileContest({ medium: 'memory', bytes, seeders: 4, rivals, pairs });
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const goals: Goal[] = [];
  const others = [...result.pairs]
    .filter(([name]) => name !== FROM_ONE)
    .map(([, of]) => speedRatio(of).median);
  if (others.length > 0)
    goals.push(atLeast('at least 3 times as fast as the best rival', 3, Math.min(...others)));
  const one = result.pairs.get(FROM_ONE);
  if (one !== undefined) goals.push(atLeast('not slower than from one seeder', 1, speedRatio(one).median));
  return {
    title,
    tables: [{ columns: CONTEST_COLUMNS, rows: contestRows(result) }],
    goals,
    notes: result.skipped.map((text) => `without ${text}`),
    figures: contestFigures(result),
  };
}

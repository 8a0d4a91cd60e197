import { CONTEST_COLUMNS, contestFigures, contestRows, cpuRatio, speedRatio } from '../ContestReport.ts';
import { fileContest } from '../FileContest.ts';
import type { Medium } from '../Places.ts';
import { atLeast, atMost, type Goal, type Report } from '../Report.ts';
import { aria2 } from '../Rivals/Aria2.ts';
import { libtorrent } from '../Rivals/Libtorrent.ts';
import { nginx } from '../Rivals/Nginx.ts';
import { pump } from '../Rivals/Pump.ts';
import { rsync } from '../Rivals/Rsync.ts';
import { webTorrent } from '../Rivals/WebTorrent.ts';
import type { Settings } from '../Settings.ts';
import type { Contest } from '../Turns.ts';

/** Goal against nginx + curl, which verify nothing, as a multiple of their speed. */
const NGINX_GOAL: Readonly<Record<Medium, number>> = { memory: 1.1, disk: 1 };

/** One seeder, one leecher, one large file: speed, CPU and memory. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 0.5 : 4) * 2 ** 30;
  // Slow rivals (10 s per GiB) transfer a single GiB.
  const contests = [
    { medium: 'memory', bytes, rivals: [libtorrent, nginx, rsync, pump] },
    { medium: 'disk', bytes, rivals: [libtorrent, nginx, rsync, pump] },
    { medium: 'memory', bytes: Math.min(bytes, 2 ** 30), rivals: [aria2, webTorrent] },
  ] as const;
  const tables = [];
  const goals: Goal[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  for (const each of contests) {
    const name = `${each.medium}, ${each.bytes / 2 ** 30} GiB`;
    const result = await fileContest({ ...each, seeders: 1, pairs });
    if ('reason' in result) {
      notes.push(`${name}: not measured, ${result.reason}`);
      continue;
    }
    const [, ...columns] = CONTEST_COLUMNS;
    tables.push({ columns: [name, ...columns], rows: contestRows(result) });
    goals.push(...goalsOf(each.medium, result));
    notes.push(...result.skipped.map((text) => `${name}: without ${text}`));
    figures[name] = contestFigures(result);
  }
  notes.push(
    'Ratios are of neighbouring turns: median (least to most). Everybody ends with an fsync; in memory it costs nothing. Copies are compared byte by byte.',
  );
  return { title: 'One seeder, one leecher, one large file', tables, goals, notes, figures };
}

function goalsOf(medium: Medium, { pairs }: Contest): Goal[] {
  const [torrent, web] = [pairs.get('libtorrent'), pairs.get('nginx + curl')];
  const goals: Goal[] = [];
  if (torrent !== undefined) {
    goals.push(
      atLeast(`at least 2.5 times as fast as libtorrent, ${medium}`, 2.5, speedRatio(torrent).median),
    );
    goals.push(atMost(`at most 0.4 of libtorrent's CPU, ${medium}`, 0.4, cpuRatio(torrent).median));
  }
  if (web !== undefined) {
    const least = NGINX_GOAL[medium];
    goals.push(
      atLeast(
        `at least ${least.toFixed(1)} times as fast as nginx + curl, ${medium}`,
        least,
        speedRatio(web).median,
      ),
    );
  }
  return goals;
}

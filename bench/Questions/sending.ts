import { contestFigures, speedRatio } from '../ContestReport.ts';
import { fileContest } from '../FileContest.ts';
import { atLeast, atMost, type Goal, type Report } from '../Report.ts';
import { nginx } from '../Rivals/Nginx.ts';
import { shoalNamed } from '../Rivals/Shoal.ts';
import { shoalHttp } from '../Rivals/ShoalHttp.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import type { Pair } from '../Turns.ts';

/** The same peer without `sendfile`. */
const copies = shoalNamed('Shoal, with copies', { SHOAL_SENDFILE: 'off' });

/** CPU of the sender: `sendfile` against copies and against nginx, over lanes and over HTTP. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 0.5 : 4) * 2 ** 30;
  const lanes = { title: 'lanes, Shoal', rivals: [copies, nginx] };
  const http = {
    title: 'HTTP, Shoal + curl',
    ours: shoalHttp('Shoal, files + curl', 'files'),
    rivals: [nginx],
  };
  const rows: string[][] = [];
  const goals: Goal[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  for (const { title, ...contenders } of [lanes, http]) {
    const result = await fileContest({ ...contenders, medium: 'memory', bytes, seeders: 1, pairs });
    if ('reason' in result) {
      notes.push(`${title}: not measured, ${result.reason}`);
      continue;
    }
    for (const [rival, of] of result.pairs) {
      const [speed, cpu] = [speedRatio(of), senderRatio(of)];
      const overSenders = (who: 'ours' | 'rival') =>
        spreadText(spread(of.map((pair) => pair[who].senderCpuSecondsPerGigabyte)));
      const what = [
        `${title} against ${rival}`,
        spreadText(speed),
        overSenders('ours'),
        overSenders('rival'),
      ];
      rows.push([...what, spreadText(cpu)]);
      if (rival !== nginx.name) continue;
      goals.push(atLeast(`${title}: rate, of ${rival}`, title === http.title ? 0.95 : 1, speed.median));
      goals.push(atMost(`${title}: CPU of the sender, of nginx's`, 2, cpu.median));
    }
    notes.push(...result.skipped.map((text) => `${title}: without ${text}`));
    figures[title] = contestFigures(result);
  }
  const columns = ['', 'rate, of it', 'CPU s per GB of our sender', 'of the other', 'ours, of it'];
  return { title: 'What sending costs, memory', tables: [{ columns, rows }], goals, notes, figures };
}

function senderRatio(pairs: readonly Pair[]) {
  return spread(
    pairs.map(({ ours, rival }) => ours.senderCpuSecondsPerGigabyte / rival.senderCpuSecondsPerGigabyte),
  );
}

import { join } from 'node:path';
import type { Contender } from '../Contender.ts';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from '../ContestReport.ts';
import { onMedium } from '../FileContest.ts';
import { writeRandomFile } from '../Files.ts';
import { atLeast, atMost, type Goal, type Report } from '../Report.ts';
import { nginx } from '../Rivals/Nginx.ts';
import { shoal } from '../Rivals/Shoal.ts';
import { firstByteMs, shoalHttp } from '../Rivals/ShoalHttp.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import { type Contest, contest } from '../Turns.ts';

/** Measurements of the first byte. */
const FIRST_BYTES = 5;

/** HTTP: a file of the share against nginx, and a file of four others against a download of it. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const questions = [
    {
      name: 'a file of the share',
      ours: shoalHttp('Shoal, files + curl', 'files'),
      rivals: [nginx],
      seeders: 1,
      bytes: (quick ? 0.5 : 2) * 2 ** 30,
      goal: { text: 'at least 0.95 times as fast as nginx + curl', least: 0.95 },
    },
    {
      name: 'a file of four others',
      ours: shoalHttp('Shoal, network + curl', 'network'),
      rivals: [shoal],
      seeders: 4,
      bytes: (quick ? 0.5 : 1) * 2 ** 30,
      goal: { text: 'at least 0.8 times as fast as a download of it', least: 0.8 },
    },
  ];
  const tables = [];
  const goals: Goal[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  for (const { name, goal, ...question } of questions) {
    const result = await contestOf({ ...question, pairs });
    const title = `${name}, ${question.bytes / 2 ** 30} GiB, memory`;
    if ('reason' in result) {
      notes.push(`${title}: not measured, ${result.reason}`);
      continue;
    }
    const [, ...columns] = CONTEST_COLUMNS;
    tables.push({ columns: [title, ...columns], rows: contestRows(result) });
    for (const [, of] of result.pairs) goals.push(atLeast(goal.text, goal.least, speedRatio(of).median));
    notes.push(...result.skipped.map((text) => `${title}: without ${text}`));
    figures[name] = contestFigures(result);
  }
  const first = await onMedium('memory', 2 ** 26, async (folder) => {
    const scene = {
      folder,
      source: join(folder, 'source'),
      name: 'large.bin',
      files: 1,
      bytes: 2 ** 26,
      seeders: 4,
    };
    await writeRandomFile(join(scene.source, scene.name), scene.bytes);
    const times = [];
    for (let time = 0; time < FIRST_BYTES; time++) times.push(await firstByteMs(scene));
    return { times: spread(times) };
  });
  if ('times' in first) {
    goals.push(atMost('first byte of a file of four others, seconds', 0.3, first.times.median / 1_000));
    notes.push(`First byte from a fresh peer, ms with the start of curl: ${spreadText(first.times, 0)}.`);
    figures.firstByte = first.times;
  }
  return { title: 'HTTP', tables, goals, notes, figures };
}

interface Question {
  readonly ours: Contender;
  readonly rivals: readonly Contender[];
  readonly seeders: number;
  readonly bytes: number;
  readonly pairs: number;
}

function contestOf({ ours, rivals, seeders, bytes, pairs }: Question): Promise<Contest | { reason: string }> {
  return onMedium('memory', 2 * bytes, async (folder) => {
    const scene = { folder, source: join(folder, 'source'), name: 'large.bin', files: 1, bytes, seeders };
    await writeRandomFile(join(scene.source, scene.name), bytes);
    const entries = rivals.map((contender) => ({ contender, scene }));
    return contest({ contender: ours, scene }, entries, pairs);
  });
}

import type { Contender } from '../Contender.ts';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from '../ContestReport.ts';
import { fileContest } from '../FileContest.ts';
import { atLeast, type Goal, type Report } from '../Report.ts';
import { aria2 } from '../Rivals/Aria2.ts';
import { libtorrent } from '../Rivals/Libtorrent.ts';
import { pumpNamed } from '../Rivals/Pump.ts';
import { shoalNamed } from '../Rivals/Shoal.ts';
import { webTorrent } from '../Rivals/WebTorrent.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import type { Contest } from '../Turns.ts';

const FROM_ONE = 'Shoal, from one seeder';
/** Yardsticks, not rivals: the cost of four sending Node processes instead of one, without Shoal. */
const PUMP_FOUR = 'bare Node pump, four senders';
const PUMP_ONE = 'bare Node pump, one sender';
const NO_RIVALS = [FROM_ONE, PUMP_FOUR, PUMP_ONE];

/** The same scene with a single sender. */
function fromOne(): Contender {
  const { prepare, open, ...rest } = shoalNamed(FROM_ONE);
  return {
    ...rest,
    prepare: async (scene) => prepare?.({ ...scene, seeders: 1 }),
    open: (scene) => open({ ...scene, seeders: 1 }),
  };
}

/** Four seeders, one leecher, one large file: is more than one source on the same machine faster? */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 0.5 : 4) * 2 ** 30;
  // Slow rivals (10 s per GiB) transfer a single GiB.
  const contests = [
    { bytes, rivals: [fromOne(), pumpNamed(PUMP_FOUR, 4), pumpNamed(PUMP_ONE, 1)] },
    { bytes: Math.min(bytes, 2 ** 30), rivals: [aria2, libtorrent, webTorrent] },
  ];
  const tables = [];
  const goals: Goal[] = [];
  const notes: string[] = [];
  const figures: Record<string, unknown> = {};
  for (const [index, each] of contests.entries()) {
    const name = `${index === 0 ? 'Shoal and bare pumps' : 'rivals'}, ${each.bytes / 2 ** 30} GiB`;
    const result = await fileContest({ ...each, medium: 'memory', seeders: 4, pairs });
    if ('reason' in result) {
      notes.push(`${name}: not measured, ${result.reason}`);
      continue;
    }
    const [, ...columns] = CONTEST_COLUMNS;
    tables.push({ columns: [name, ...columns], rows: contestRows(result) });
    goals.push(...goalsOf(result));
    notes.push(...pumpNote(result), ...result.skipped.map((text) => `${name}: without ${text}`));
    figures[name] = contestFigures(result);
  }
  return { title: 'Four seeders, one leecher, one large file, memory', tables, goals, notes, figures };
}

function goalsOf({ pairs }: Contest): Goal[] {
  const goals: Goal[] = [];
  const rivals = [...pairs].flatMap(([name, of]) =>
    NO_RIVALS.includes(name) ? [] : [speedRatio(of).median],
  );
  if (rivals.length > 0)
    goals.push(atLeast('at least 3 times as fast as the best rival', 3, Math.min(...rivals)));
  const one = pairs.get(FROM_ONE);
  if (one !== undefined) goals.push(atLeast('not slower than from one seeder', 1, speedRatio(one).median));
  return goals;
}

/** Rate of the bare pump with four senders as a fraction of its rate with one. */
function pumpNote({ pairs }: Contest): string[] {
  const [four = [], one = []] = [PUMP_FOUR, PUMP_ONE].map((name) => pairs.get(name));
  if (four.length === 0 || four.length !== one.length) return [];
  const kept = spread(
    four.map(({ rival }, turn) => (one[turn]?.rival.seconds ?? Number.NaN) / rival.seconds),
  );
  return [
    `The bare pump from four senders reaches ${spreadText(kept)} of its rate from one: each sends a quarter, without requests.`,
  ];
}

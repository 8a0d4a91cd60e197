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
  const bytes = (quick ? 0.5 : 1) * 2 ** 30;
  const title = `Four seeders, one leecher, ${bytes / 2 ** 30} GiB, memory`;
  const pumps = [pumpNamed(PUMP_FOUR, 4), pumpNamed(PUMP_ONE, 1)];
  const rivals = [fromOne(), ...pumps, aria2, libtorrent, webTorrent];
  const result = await fileContest({ medium: 'memory', bytes, seeders: 4, rivals, pairs });
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const goals: Goal[] = [];
  const others = [...result.pairs]
    .filter(([name]) => !NO_RIVALS.includes(name))
    .map(([, of]) => speedRatio(of).median);
  if (others.length > 0)
    goals.push(atLeast('at least 3 times as fast as the best rival', 3, Math.min(...others)));
  const one = result.pairs.get(FROM_ONE);
  if (one !== undefined) goals.push(atLeast('not slower than from one seeder', 1, speedRatio(one).median));
  return {
    title,
    tables: [{ columns: CONTEST_COLUMNS, rows: contestRows(result) }],
    goals,
    notes: [...pumpNote(result), ...result.skipped.map((text) => `without ${text}`)],
    figures: contestFigures(result),
  };
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

import { join } from 'node:path';
import { onMedium } from './FileContest.ts';
import { linkAll, sameBytes, writeRandomFile } from './Files.ts';
import { atLeast, type Report } from './Report.ts';
import { PATIENCE_MS, Rig, status, untilShared } from './Rig.ts';
import type { Settings } from './Settings.ts';
import { spread, spreadText } from './Statistics.ts';

const LEECHERS = 32;

/** One pair of turns: seconds. */
interface Pair {
  readonly one: number;
  /** Of each of the many, from the common start. */
  readonly many: readonly number[];
}

/** Many peers at once, each fetching another file of one seeder: is its rate kept, and shared fairly? */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 8 : 128) * 2 ** 20;
  const title = `${LEECHERS} leechers at once from one seeder, each another file of ${bytes / 2 ** 20} MiB, memory`;
  const result = await onMedium('memory', 3.2 * LEECHERS * bytes, (folder) => measure(folder, bytes, pairs));
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const total = (LEECHERS * bytes) / 1e9;
  const one = spread(result.map((pair) => total / pair.one));
  const sum = spread(result.map((pair) => total / Math.max(...pair.many)));
  const kept = spread(result.map((pair) => pair.one / Math.max(...pair.many)));
  const fairness = spread(result.map(({ many }) => slowestOfMean(many)));
  return {
    title,
    tables: [
      {
        columns: ['', 'median (least to most)'],
        rows: [
          ['one leecher, a file of the same sum: GB/s', spreadText(one)],
          [`${LEECHERS} leechers together, until the last has it: GB/s`, spreadText(sum)],
          ['together, of one', spreadText(kept)],
          ['rate of the slowest, of the mean rate', spreadText(fairness)],
        ],
      },
    ],
    goals: [
      atLeast('together at least 0.8 of one leecher', 0.8, kept.median),
      atLeast('slowest at least 0.7 of the mean', 0.7, fairness.median),
    ],
    notes: [`${LEECHERS} receiving processes share the cores with the seeder, so what they cost counts too.`],
    figures: result,
  };
}

function slowestOfMean(seconds: readonly number[]): number {
  const rates = seconds.map((each) => 1 / each);
  return Math.min(...rates) / (rates.reduce((sum, rate) => sum + rate, 0) / rates.length);
}

async function measure(folder: string, bytes: number, pairs: number): Promise<Pair[]> {
  const names = Array.from({ length: LEECHERS }, (_, index) => `part-${index + 1}.bin`);
  const source = join(folder, 'source');
  for (const name of names) await writeRandomFile(join(source, name), bytes);
  await writeRandomFile(join(source, 'sum.bin'), LEECHERS * bytes);
  const rig = await Rig.make(folder);
  try {
    const seeder = await rig.peer('seeder');
    for (const name of [...names, 'sum.bin']) await linkAll(source, name, rig.share('seeder'));
    await untilShared(seeder, LEECHERS + 1);
    const results: Pair[] = [];
    for (let pair = 1; pair <= pairs; pair++) {
      const [one = Number.NaN] = await fetchAtOnce(rig, `${pair}-one`, source, ['sum.bin']);
      const many = await fetchAtOnce(rig, `${pair}-many`, source, names);
      results.push({ one, many });
      const rate = (seconds: number) => ((LEECHERS * bytes) / 1e9 / seconds).toFixed(2);
      console.log(`  one ${rate(one)} GB/s, ${LEECHERS} together ${rate(Math.max(...many))} GB/s`);
    }
    return results;
  } finally {
    await rig.close();
  }
}

/** Fresh peers, one for each name, all told to download at the same moment. @returns the seconds each took */
async function fetchAtOnce(
  rig: Rig,
  group: string,
  source: string,
  names: readonly string[],
): Promise<number[]> {
  const leechers = [];
  for (const name of names) {
    const leecher = await rig.peer(`${group}-${name}`);
    await status(leecher);
    leechers.push({ name, leecher });
  }
  const started = performance.now();
  const seconds = await Promise.all(
    leechers.map(async ({ name, leecher }) => {
      await leecher.ask(`download ${name}`, /is done/, PATIENCE_MS);
      return (performance.now() - started) / 1_000;
    }),
  );
  for (const { name, leecher } of leechers) {
    if (!(await sameBytes(join(source, name), join(rig.share(`${group}-${name}`), name)))) {
      throw new Error(`the copy of ${name} differs`);
    }
    await leecher.kill();
    await rig.forget(`${group}-${name}`);
  }
  return seconds;
}

import { join } from 'node:path';
import { type AtOnce, barePumps, type FetchAtOnce, ourLeechers } from '../AtOnce.ts';
import { onMedium } from '../FileContest.ts';
import { linkAll, writeRandomFile, writeSparseFile } from '../Files.ts';
import { atLeast, type Report, type Table } from '../Report.ts';
import { Rig, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { line, spread, spreadText } from '../Statistics.ts';

const LEECHERS = 32;
const MIB = 2 ** 20;

/** Many receivers at once, in bytes per receiver, and one receiver with a file of the same total. */
interface Pair {
  readonly bytes: number;
  readonly one: AtOnce;
  readonly many: AtOnce;
}

/** Many peers at once, each with another file of one seeder: total rate and fairness. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 8 : 128) * MIB;
  const sizes = (quick ? [4, 8] : [32, 64, 128, 256]).map((mebibytes) => mebibytes * MIB);
  const title = `${LEECHERS} leechers at once from one seeder, each another file of ${bytes / MIB} MiB, memory`;
  const result = await onMedium('memory', 3.2 * LEECHERS * bytes, (folder) =>
    measureOne(folder, bytes, pairs),
  );
  const room = 1.1 * LEECHERS * Math.max(...sizes);
  const bySize = await onMedium('memory', room, (folder) => measureSizes(folder, sizes));
  if ('reason' in result || 'reason' in bySize) {
    const reason = 'reason' in result ? result.reason : 'reason' in bySize ? bySize.reason : '';
    return { title, tables: [], goals: [], notes: [`not measured, ${reason}`], figures: undefined };
  }
  const { ours, pumps } = bySize;
  const over = (figure: (pair: Pair) => number) => spread(result.map(figure));
  const kept = over(keptRate);
  const fairness = over(({ many }) => slowestOfMean(many.seconds));
  return {
    title,
    tables: [
      {
        columns: ['', 'median (least to most)'],
        rows: [
          ['one leecher, a file of the same sum: GB/s', spreadText(over((pair) => rate(pair, pair.one)))],
          [
            `${LEECHERS} leechers together, until the last has it: GB/s`,
            spreadText(over((pair) => rate(pair, pair.many))),
          ],
          ['together, of one', spreadText(kept)],
          ['rate of the slowest, of the mean rate', spreadText(fairness)],
        ],
      },
      sizesTable('Shoal', ours),
      sizesTable('bare Node pump', pumps),
    ],
    goals: [
      atLeast('together at least 0.8 of one leecher', 0.8, kept.median),
      atLeast('slowest at least 0.7 of the mean', 0.7, fairness.median),
    ],
    notes: [
      `${LEECHERS} receiving processes share the cores with the seeder, so what they cost counts too.`,
      'By size: one turn each; the sources have holes and a number in every MiB, the copies are written in full and compared. CPU is user and system time from the word to the file.',
      `CPU of one of ${LEECHERS} fresh processes, the line through the sizes: Shoal ${costText(ours)}; bare pump ${costText(pumps)}.`,
    ],
    figures: { pairs: result, ours, pumps },
  };
}

async function measureOne(folder: string, bytes: number, pairs: number): Promise<Pair[]> {
  const source = join(folder, 'source');
  const names = namesOf('part');
  for (const name of names) await writeRandomFile(join(source, name), bytes);
  await writeRandomFile(join(source, 'sum.bin'), LEECHERS * bytes);
  return withSeeder(folder, source, [...names, 'sum.bin'], async (fetch) => {
    const results: Pair[] = [];
    while (results.length < pairs)
      results.push(await pairOf('Shoal', fetch, source, bytes, 'sum.bin', names));
    return results;
  });
}

async function measureSizes(folder: string, sizes: readonly number[]) {
  const source = join(folder, 'source');
  const names = sizes.map((size) => ({
    size,
    sum: `sum-${size / MIB}.bin`,
    parts: namesOf(`each-${size / MIB}`),
  }));
  for (const { size, sum, parts } of names) {
    for (const [index, part] of parts.entries()) await writeSparseFile(join(source, part), size, 1 + index);
    await writeSparseFile(join(source, sum), LEECHERS * size);
  }
  const inTurns = async (who: string, fetch: FetchAtOnce) => {
    const turns: Pair[] = [];
    for (const { size, sum, parts } of names) turns.push(await pairOf(who, fetch, source, size, sum, parts));
    return turns;
  };
  const all = names.flatMap(({ sum, parts }) => [sum, ...parts]);
  const ours = await withSeeder(folder, source, all, (fetch) => inTurns('Shoal', fetch));
  return { ours, pumps: await inTurns('bare pump', barePumps(folder)) };
}

/** Starts a Shoal peer that shares these files. */
async function withSeeder<T>(
  folder: string,
  source: string,
  names: readonly string[],
  use: (fetch: FetchAtOnce) => Promise<T>,
): Promise<T> {
  const rig = await Rig.make(folder);
  try {
    const seeder = await rig.peer('seeder');
    for (const name of names) await linkAll(source, name, rig.share('seeder'));
    await untilShared(seeder, names.length);
    return await use(ourLeechers(rig, seeder));
  } finally {
    await rig.close();
  }
}

async function pairOf(
  who: string,
  fetch: FetchAtOnce,
  source: string,
  bytes: number,
  whole: string,
  names: readonly string[],
): Promise<Pair> {
  const one = await fetch(source, [whole]);
  const many = await fetch(source, names);
  const [alone, together] = [one, many].map((each) => rate({ bytes }, each).toFixed(2));
  console.log(
    `  ${who}, ${bytes / MIB} MiB each: one ${alone} GB/s, ${names.length} together ${together} GB/s`,
  );
  return { bytes, one, many };
}

function namesOf(prefix: string): string[] {
  return Array.from({ length: LEECHERS }, (_, index) => `${prefix}-${index + 1}.bin`);
}

/** Total rate in GB/s until the last receiver is done. */
function rate({ bytes }: Pick<Pair, 'bytes'>, { seconds }: AtOnce): number {
  return (LEECHERS * bytes) / 1e9 / Math.max(...seconds);
}

function keptRate(pair: Pair): number {
  return rate(pair, pair.many) / rate(pair, pair.one);
}

function slowestOfMean(seconds: readonly number[]): number {
  const rates = seconds.map((each) => 1 / each);
  return Math.min(...rates) / (rates.reduce((sum, rate) => sum + rate, 0) / rates.length);
}

/** Ratio by size: the fixed cost of a fresh process loses weight with larger files. */
function sizesTable(who: string, pairs: readonly Pair[]): Table {
  const columns = [
    `${who}, MiB each`,
    'one, GB/s',
    'together, GB/s',
    'together, of one',
    'CPU s of a receiver',
    'CPU s per GB, all, together',
    'one',
  ];
  const rows = pairs.map((pair) => [
    String(pair.bytes / MIB),
    ...[
      rate(pair, pair.one),
      rate(pair, pair.many),
      keptRate(pair),
      mean(pair.many.cpuSeconds),
      allCpu(pair, pair.many),
      allCpu(pair, pair.one),
    ].map((figure) => figure.toFixed(2)),
  ]);
  return { columns, rows };
}

/** "0.12 s and then 1.10 s per GB" */
function costText(pairs: readonly Pair[]): string {
  const points = pairs.map(({ bytes, many }) => [bytes / 1e9, mean(many.cpuSeconds)] as const);
  const { at0, slope } = line(points);
  return `${at0.toFixed(2)} s and then ${slope.toFixed(2)} s per GB`;
}

function allCpu({ bytes }: Pair, { cpuSeconds, senderCpuSeconds }: AtOnce): number {
  return (cpuSeconds.reduce((sum, each) => sum + each, senderCpuSeconds) * 1e9) / (LEECHERS * bytes);
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

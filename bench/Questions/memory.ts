import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onMedium } from '../FileContest.ts';
import { linkAll, sameBytes, writeSparseFile } from '../Files.ts';
import type { Medium } from '../Places.ts';
import { atMost, type Goal, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { spread } from '../Statistics.ts';
import { residentMiB, usage } from '../Usage.ts';

const SEEDERS = 4;
const MIB_MAX = 200;
/** Growth allowed in the second half of a transfer, as a factor. */
const GROWTH_MAX = 1.15;

/** Resident memory of one process during the transfer, in MiB. */
interface Course {
  readonly process: string;
  readonly peak: number;
  readonly firstHalf: number;
  readonly secondHalf: number;
  readonly samples: readonly number[];
}

/** A file much larger than any buffer, from four seeders: does the memory of any process grow with it? */
export async function run({ quick }: Settings): Promise<Report> {
  const gibibytes = quick ? 2 : 16;
  const medium: Medium = 'disk';
  const title = `Memory while ${gibibytes} GiB come from four seeders, ${medium}`;
  const result = await onMedium(medium, gibibytes * 2 ** 30 * 1.1, (folder) =>
    measure(folder, gibibytes * 2 ** 30),
  );
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const rows = result.map(({ process, peak, firstHalf, secondHalf }) => [
    process,
    ...[peak, firstHalf, secondHalf].map((mebibytes) => mebibytes.toFixed(0)),
  ]);
  const goals: Goal[] = [
    atMost(
      `peak of every process, MiB, below ${MIB_MAX}`,
      MIB_MAX,
      Math.max(...result.map(({ peak }) => peak)),
      0,
    ),
    atMost(
      `flat: median of the second half of the time at most ${GROWTH_MAX} of the first's`,
      GROWTH_MAX,
      Math.max(...result.map(({ firstHalf, secondHalf }) => secondHalf / firstHalf)),
    ),
  ];
  return {
    title,
    tables: [{ columns: ['process', 'peak MiB', 'median, first half', 'second half'], rows }],
    goals,
    notes: [
      'The source has holes, with a number in every MiB so that no two chunks are equal; the copy is written in full and compared.',
    ],
    figures: result,
  };
}

async function measure(folder: string, bytes: number): Promise<Course[]> {
  const source = join(folder, 'source');
  await writeSparseFile(join(source, 'huge.bin'), bytes);
  const rig = await Rig.make(folder);
  try {
    const names = Array.from({ length: SEEDERS }, (_, index) => `seeder ${index + 1}`);
    const seeders = await Promise.all(names.map((name) => rig.peer(name)));
    for (const name of names) await linkAll(source, 'huge.bin', rig.share(name));
    for (const seeder of seeders) await untilShared(seeder, 1);
    const leecher = await rig.peer('receiver');
    await status(leecher);
    const programs = [...seeders, leecher];
    const samples: number[][] = programs.map(() => []);
    let running = true;
    const sampling = (async () => {
      while (running) {
        const now = await Promise.all(programs.map(({ pid }) => residentMiB(pid)));
        for (const [index, mebibytes] of now.entries()) samples[index]?.push(mebibytes);
        await sleep(200);
      }
    })();
    const started = performance.now();
    await leecher.ask('download huge.bin', /is done/, 3 * PATIENCE_MS);
    const seconds = (performance.now() - started) / 1_000;
    running = false;
    await sampling;
    console.log(`  ${seconds.toFixed(0)} s, ${(bytes / 1e9 / seconds).toFixed(2)} GB/s`);
    const peaks = await Promise.all(programs.map(({ pid }) => usage(pid)));
    if (!(await sameBytes(join(source, 'huge.bin'), join(rig.share('receiver'), 'huge.bin')))) {
      throw new Error('the copy differs');
    }
    return [...names, 'receiver'].map((process, index) => {
      const all = samples[index] ?? [];
      const half = all.length >> 1;
      const median = (part: readonly number[]) => spread(part).median;
      const peak = peaks[index]?.peakMiB ?? Number.NaN;
      return {
        process,
        peak,
        firstHalf: median(all.slice(0, half)),
        secondHalf: median(all.slice(half)),
        samples: all,
      };
    });
  } finally {
    await rig.close();
  }
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, writeRandomFile } from '../Files.ts';
import { HostilePeer, honestFile } from '../Programs/HostilePeer.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { atMost, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';

const NAME = 'film.bin';
const LIAR = 'Pinocchio';
const RATE = 10_000_000;
const POLL_MS = 50;

interface Turn {
  readonly seconds: number;
  readonly liarNamed: boolean;
}

/**
 * 1 GiB from four sources, three of them limited to 10 MB/s: one is stopped (SIGSTOP) at 95 %, one drops to 1 % of
 * its rate after two seconds, one sends corrupt data. Compared with a download from the two good sources alone.
 */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 128 : 1_024) * 2 ** 20;
  const turns: { good: Turn; bad: Turn }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    turns.push({ good: await measure(bytes, false), bad: await measure(bytes, true) });
    console.log(`  ${JSON.stringify(turns.at(-1))}`);
  }
  const ratios = turns.map(({ good, bad }) => bad.seconds / good.seconds).toSorted((a, b) => a - b);
  const median = ratios[ratios.length >> 1] ?? Number.NaN;
  const named = turns.every(({ bad }) => bad.liarNamed);
  return {
    title: `${bytes / 2 ** 20} MiB from four sources of which three go bad`,
    tables: [
      {
        columns: ['two good sources, s', 'with a stalling, a lying and a slow one, s', 'ratio', 'liar named'],
        rows: turns.map(({ good, bad }) => [
          good.seconds.toFixed(2),
          bad.seconds.toFixed(2),
          (bad.seconds / good.seconds).toFixed(3),
          bad.liarNamed ? 'yes' : 'no',
        ]),
      },
    ],
    goals: [
      atMost('at most 1.10 x the two good ones alone', 1.1, median, 3),
      { text: 'the liar is named', reached: named ? 'yes' : 'no', met: named },
    ],
    notes: ['Good are two limited to 10 MB/s; one of them is the one that stalls at 95 %.'],
    figures: turns,
  };
}

async function measure(bytes: number, bad: boolean): Promise<Turn> {
  const rig = await Rig.make();
  let liar: HostilePeer | undefined;
  try {
    const original = join(rig.folder, NAME);
    await writeRandomFile(original, bytes);
    const names = bad ? ['good', 'stalls', 'slows'] : ['good', 'stalls'];
    const seeders: LaunchedProgram[] = [];
    const content = await readFile(original);
    for (const name of names) {
      const seeder = await rig.peer(name, ['--upload-limit', String(RATE)]);
      await writeFile(join(rig.share(name), NAME), content);
      await untilShared(seeder, 1);
      seeders.push(seeder);
    }
    if (bad) {
      const right = honestFile(NAME, content);
      const chunk = (index: number) => Buffer.from(right.chunk(index)).fill(7, 1_000, 2_000);
      liar = await HostilePeer.start(LIAR, [{ ...right, chunk }], rig.tracker);
    }
    const leecher = await rig.peer('leecher');
    await status(leecher);
    const started = performance.now();
    const done = leecher.ask(`download ${NAME}`, /is done/, PATIENCE_MS);
    if (bad) void spoil(seeders, bytes, done);
    await done;
    const seconds = (performance.now() - started) / 1_000;
    if ((await hashFile(original)) !== (await hashFile(join(rig.share('leecher'), NAME))))
      throw new Error('the copy differs');
    return { seconds, liarNamed: leecher.stderr.includes(`${LIAR} (`) };
  } finally {
    await liar?.close();
    await rig.close();
  }
}

/** Slows one source to 1 % after two seconds, and stops another when 95 % are sent. */
async function spoil(
  [good, stalls, slows]: readonly LaunchedProgram[],
  bytes: number,
  done: Promise<unknown>,
): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  done.then(end, end);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  slows?.type(`limit up ${RATE / 100}`);
  while (!over && good !== undefined && stalls !== undefined && slows !== undefined) {
    const sent = await Promise.all([good, stalls, slows].map((seeder) => status(seeder)));
    if (sent.reduce((sum, each) => sum + each.sent, 0) >= 0.95 * bytes) {
      process.kill(stalls.pid, 'SIGSTOP');
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeRandomFile } from '../bench/Files.ts';
import type { LaunchedProgram } from '../bench/Programs/LaunchedProgram.ts';
import { Rig, untilShared } from '../bench/Rig.ts';
import { residentMiB } from '../bench/Usage.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { linkOnce } from './Crowd/Newcomer.ts';
import { Strangers } from './Crowd/Strangers.ts';
import { type Figure, figure, type TrialSettings, timedFigure } from './Trial.ts';

const MIB = 1_048_576;
/** Upload limit of the seeder: the crowd and the peers share one computer. */
const LIMIT_MIB = 32;
const SPEED_RATIO_MIN = 0.9;
const NEWCOMER_MAX_MS = 2_000;
const OPEN_MAX_MS = 12_000;
const GROWTH_MAX_MIB = 64;
const STALL_LOOK_MS = 20;

/** Malformed, silent and slow connections from many addresses, while a peer serves a download and newcomers arrive. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const count = short ? 1_500 : 10_000;
  const seconds = short ? 3 : 15;
  const rig = await Rig.make();
  try {
    for (const name of ['quiet.bin', 'crowded.bin'])
      await writeRandomFile(join(rig.share('seeder'), name), LIMIT_MIB * MIB * seconds);
    const seeder = await rig.peer('seeder', ['--upload-limit', `${LIMIT_MIB}M`]);
    await untilShared(seeder, 2);
    const leecher = await rig.peer('leecher');
    const port = await portOf(seeder);
    const quietMs = await download(leecher, 'quiet.bin');
    const before = await residentMiB(seeder.pid);
    const processorBefore = await processorTimes(seeder.pid);
    const strangers = new Strangers(port, new SeededRandom(seed));
    const coming = strangers.come(count, count / seconds);
    const watch = watchSeeder(seeder, port);
    const stalls = stallsOfThisComputer();
    const crowdedMs = await download(leecher, 'crowded.bin');
    await coming;
    const stayed = await strangers.gone(OPEN_MAX_MS);
    const { slowestMs, refused, links, peakMiB } = await watch.end();
    const longestMs = strangers.longestMs;
    const stalledMs = stalls.end();
    const processor = await processorTimes(seeder.pid);
    strangers.stop();
    const ratio = quietMs / crowdedMs;
    return [
      {
        name: 'longest stall of this computer (added to the times)',
        value: `${Math.round(stalledMs)} ms`,
        met: true,
      },
      {
        name: 'main thread of the seeder: running, waiting for a processor',
        value: [processor.runMs - processorBefore.runMs, processor.waitMs - processorBefore.waitMs]
          .map((ms) => `${(ms / 1_000).toFixed(1)} s`)
          .join(', '),
        met: true,
      },
      { name: 'strangers', value: String(strangers.opened), met: strangers.opened > count * 0.9 },
      timedFigure(
        'speed of the download',
        `${Math.round(ratio * 100)} %`,
        'at least 90 %',
        ratio >= SPEED_RATIO_MIN,
      ),
      figure('newcomers without a link', `${refused} of ${links}`, '0', refused === 0),
      timedFigure(
        'slowest newcomer',
        `${Math.round(slowestMs)} ms`,
        'at most 2 s',
        slowestMs <= NEWCOMER_MAX_MS + stalledMs,
      ),
      timedFigure(
        'longest stay of a stranger',
        `${Math.round(longestMs)} ms`,
        'at most 12 s',
        longestMs <= OPEN_MAX_MS,
      ),
      figure('strangers that stayed', String(stayed), '0', stayed === 0),
      figure(
        'growth of memory',
        `${Math.round(peakMiB - before)} MiB`,
        'at most 64 MiB',
        peakMiB - before <= GROWTH_MAX_MIB,
      ),
    ];
  } finally {
    await rig.close();
  }
}

async function portOf(peer: LaunchedProgram): Promise<number> {
  const [line] = await peer.ask('whoami --json', /^\{.*"command":"whoami".*\}$/);
  return (JSON.parse(line) as { port: number }).port;
}

/** @returns its duration in milliseconds */
async function download(leecher: LaunchedProgram, name: string): Promise<number> {
  const startMs = performance.now();
  await leecher.ask(`download ${name} --json`, /^\{.*"command":"download".*"ok":true.*\}$/);
  return performance.now() - startMs;
}

/** Measures the maximum delay of a timer of this process: other programs may use the processors. */
function stallsOfThisComputer() {
  let lastMs = performance.now();
  let worstMs = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    worstMs = Math.max(worstMs, nowMs - lastMs - STALL_LOOK_MS);
    lastMs = nowMs;
  }, STALL_LOOK_MS);
  return {
    end: () => {
      clearInterval(timer);
      return worstMs;
    },
  };
}

/** Time for which the main thread of a program ran, and waited for a processor (0 outside Linux). */
async function processorTimes(pid: number): Promise<{ readonly runMs: number; readonly waitMs: number }> {
  const text = await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').catch(() => '0 0');
  const [runNs = 0, waitNs = 0] = text.split(' ').map(Number);
  return { runMs: runNs / 1e6, waitMs: waitNs / 1e6 };
}

/** Opens a link every half second and follows the memory of the peer, until `end`. */
function watchSeeder(seeder: LaunchedProgram, port: number) {
  const seen = { slowestMs: 0, refused: 0, links: 0, peakMiB: 0 };
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const ms = await linkOnce(port);
      seen.links++;
      if (ms === undefined) seen.refused++;
      else seen.slowestMs = Math.max(seen.slowestMs, ms);
      seen.peakMiB = Math.max(seen.peakMiB, await residentMiB(seeder.pid));
      await pause(500);
    }
  })();
  return {
    end: async () => {
      stopped = true;
      await running;
      return seen;
    },
  };
}

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onMedium } from '../FileContest.ts';
import { linkAll, sameBytes, writeRandomFile } from '../Files.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { atLeast, atMost, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';

const SEEDERS = 2;
const BYTES_PER_SECOND = 5_000_000;
/** Time from the start of the downloads to the end of the tracker. */
const BEFORE_MS = 5_000;
const AFTER_MS = 8_000;

/** One run: seconds of each download, and milliseconds of each answered search. */
interface Run {
  readonly seconds: readonly number[];
  readonly searchMs: readonly number[];
}

/** The tracker is down for a minute while twenty peers download and search: the cost of the outage. */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const downMs = quick ? 10_000 : 60_000;
  const downloads = quick ? 6 : 20;
  const bytes = (BYTES_PER_SECOND * (BEFORE_MS + downMs + AFTER_MS)) / 1_000;
  const title = `Tracker down for ${downMs / 1_000} s during ${downloads} downloads limited to 5 MB/s each, and ${downloads} searches`;
  const runs = quick ? pairs : Math.max(pairs, 5);
  const room = (downloads + SEEDERS + 1) * bytes;
  const result = await onMedium(quick ? 'memory' : 'disk', room, (folder) =>
    measure(folder, { bytes, downloads, downMs, runs }),
  );
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const last = ({ seconds }: Run) => Math.max(...seconds);
  const up = spread(result.map((pair) => last(pair.up)));
  const down = spread(result.map((pair) => last(pair.down)));
  const ratio = spread(result.map((pair) => last(pair.down) / last(pair.up)));
  const searches = result.flatMap((pair) => pair.down.searchMs);
  const answered = searches.length / (result.length * downloads);
  return {
    title,
    tables: [
      {
        columns: ['', 'median (least to most)'],
        rows: [
          ['tracker there: seconds until the last is done', spreadText(up)],
          ['tracker down meanwhile: seconds', spreadText(down)],
          ['down, of there', spreadText(ratio, 3)],
          ['a search without tracker: milliseconds', spreadText(spread(searches), 0)],
        ],
      },
    ],
    goals: [
      atMost('at most 1.05 of the time with a tracker', 1.05, ratio.median, 3),
      atLeast('all searches answered by known peers', 1, answered),
    ],
    notes: [
      `${runs} pairs of runs. Searches are spread over the outage, one a downloading peer; the first ones come before the tracker is called lost.`,
      'All copies are compared with the original.',
    ],
    figures: result,
  };
}

interface Sizes {
  readonly bytes: number;
  readonly downloads: number;
  readonly downMs: number;
  readonly runs: number;
}

async function measure(folder: string, sizes: Sizes) {
  const source = join(folder, 'source');
  await writeRandomFile(join(source, 'film.bin'), sizes.bytes);
  const pairs: { up: Run; down: Run }[] = [];
  for (let pair = 1; pair <= sizes.runs; pair++) {
    const up = await one(folder, source, sizes, false);
    const down = await one(folder, source, sizes, true);
    pairs.push({ up, down });
    const [before, after] = [up, down].map(({ seconds }) => Math.max(...seconds).toFixed(2));
    console.log(`  tracker there ${before} s, down ${after} s, ${down.searchMs.length} searches answered`);
  }
  return pairs;
}

async function one(
  folder: string,
  source: string,
  { downloads, downMs }: Sizes,
  isDown: boolean,
): Promise<Run> {
  const rig = await Rig.make(folder);
  try {
    for (let index = 0; index < SEEDERS; index++) {
      const seeder = await rig.peer(`seeder-${index}`);
      await linkAll(source, 'film.bin', rig.share(`seeder-${index}`));
      await untilShared(seeder, 1);
    }
    const names = Array.from({ length: downloads }, (_, index) => `leecher-${index}`);
    const limit = ['--download-limit', `${BYTES_PER_SECOND / 1_000_000}M`];
    const leechers = await Promise.all(names.map((name) => rig.peer(name, limit)));
    await Promise.all(leechers.map((leecher) => json(leecher, 'peers'))); // All leechers are registered.
    await Promise.all(leechers.map((leecher) => json(leecher, 'download film.bin --no-wait')));
    const searching = searched(rig, leechers, downMs, isDown);
    const seconds = await Promise.all(leechers.map((leecher) => untilDone(leecher)));
    const searchMs = await searching;
    for (const name of names) {
      const isRight = await sameBytes(join(source, 'film.bin'), join(rig.share(name), 'film.bin'));
      if (!isRight) throw new Error(`the copy of ${name} differs`);
    }
    return { seconds, searchMs };
  } finally {
    await rig.close();
  }
}

/** Kills the tracker, lets all peers search one after the other, and restarts it. */
async function searched(rig: Rig, leechers: readonly LaunchedProgram[], downMs: number, isDown: boolean) {
  const searchMs: number[] = [];
  await pause(BEFORE_MS);
  if (isDown) await rig.stopTracker();
  for (const leecher of leechers) {
    const started = performance.now();
    const { items = [] } = await json(leecher, 'search film');
    const tookMs = performance.now() - started;
    if (items.some(({ path }) => path === 'film.bin')) searchMs.push(tookMs);
    await pause(Math.max(0, downMs / leechers.length - tookMs));
  }
  if (isDown) await rig.startTracker();
  return searchMs;
}

async function untilDone(leecher: LaunchedProgram): Promise<number> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await pause(1_000)) {
    const { items = [] } = await json(leecher, 'downloads');
    const [download] = items;
    if (download?.state === 'done') return (download.tookMs ?? Number.NaN) / 1_000;
    if (download?.state === 'failed') throw new Error('a download failed');
  }
  throw new Error('a download was never done');
}

interface Answer {
  readonly items?: readonly { readonly path: string; readonly state?: string; readonly tookMs?: number }[];
}

/** Runs a command; a console answers its commands in order. */
const waiting = new WeakMap<LaunchedProgram, Promise<unknown>>();

function json(peer: LaunchedProgram, command: string): Promise<Answer> {
  const before = waiting.get(peer) ?? Promise.resolve();
  const answer = before.then(async () => {
    const [line] = await peer.ask(`${command} --json`, /^\{"version":.*$/, PATIENCE_MS);
    return JSON.parse(line) as Answer;
  });
  waiting.set(
    peer,
    answer.catch(() => {}),
  );
  return answer;
}

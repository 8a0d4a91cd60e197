import { mkdir, rename, utimes } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onMedium } from '../FileContest.ts';
import { writeRandomFile } from '../Files.ts';
import { findProgram, removeFolder } from '../Places.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { atLeast, atMost, type Goal, type Report } from '../Report.ts';
import { Rig, status } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { spread, spreadText } from '../Statistics.ts';
import { runMeasured, usage, usageSince } from '../Usage.ts';

const FILES = 8;
const ANSWER_MS_MAX = 50;
/** Interval of `status`: each answer costs two processes a millisecond of the hashing cores. */
const ASK_MS = 40;

/** One turn of Shoal: time to hash a share that appears at once, and response times of the console meanwhile. */
interface OurTurn {
  /** Time from the appearance of the files until they are served. */
  readonly seconds: number;
  /** Response times while the peer hashes. */
  readonly bytesPerSecond: number;
  readonly cpuSeconds: number;
  readonly answersMs: readonly number[];
}

interface RivalTurn {
  readonly bytesPerSecond: number;
  readonly cpuSeconds: number;
}

interface Pair {
  readonly ours: OurTurn;
  readonly b3sum: RivalTurn | undefined;
  /** b3sum that reads the files, as Node does, instead of mapping them. */
  readonly reading: RivalTurn | undefined;
}

/** Hashing a share from warm cache: as fast as b3sum, and does the console answer meanwhile? */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const gibibytes = quick ? 1 : 8;
  const threads = Math.min(4, Math.max(2, availableParallelism()));
  const title = `Hashing ${gibibytes} GiB in ${FILES} files, warm cache, ${threads} threads`;
  const result = await onMedium('memory', gibibytes * 2 ** 30, (folder) =>
    measure(folder, gibibytes * 2 ** 30, threads, pairs),
  );
  if ('reason' in result) {
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  }
  const gigabytes = (gibibytes * 2 ** 30) / 1e9;
  const answers = result.flatMap(({ ours }) => ours.answersMs).toSorted((a, b) => a - b);
  const slowest = answers.at(-1) ?? Number.NaN;
  const rate = (turns: readonly { readonly bytesPerSecond: number }[]) =>
    spreadText(spread(turns.map(({ bytesPerSecond }) => bytesPerSecond / 1e9)));
  const cpu = (turns: readonly { readonly cpuSeconds: number }[]) =>
    spreadText(spread(turns.map(({ cpuSeconds }) => cpuSeconds / gigabytes)));
  const ours = result.map((pair) => pair.ours);
  const rows = [['Shoal', rate(ours), cpu(ours), '']];
  const goals: Goal[] = [];
  const against = (name: string, of: (pair: Pair) => RivalTurn | undefined) => {
    const rivals = result.flatMap((pair) => {
      const theirs = of(pair);
      return theirs === undefined ? [] : [{ ours: pair.ours, theirs }];
    });
    if (rivals.length === 0) return undefined;
    const ratio = spread(rivals.map((pair) => pair.ours.bytesPerSecond / pair.theirs.bytesPerSecond));
    const theirs = rivals.map((pair) => pair.theirs);
    rows.push([name, rate(theirs), cpu(theirs), spreadText(ratio)]);
    return ratio.median;
  };
  const ratio = against('b3sum', ({ b3sum }) => b3sum);
  against('b3sum --no-mmap, a process a file', ({ reading }) => reading);
  if (ratio !== undefined) goals.push(atLeast('at least 0.8 of b3sum', 0.8, ratio));
  goals.push(
    atMost(
      `console answers within ${ANSWER_MS_MAX} ms, the slowest of ${answers.length}`,
      ANSWER_MS_MAX,
      slowest,
      0,
    ),
  );
  return {
    title,
    tables: [{ columns: ['', 'GB/s', 'CPU s per GB', 'Shoal is times as fast'], rows }],
    goals,
    notes: [
      ...(ratio !== undefined ? [] : ['without b3sum: not installed']),
      `Ours is timed from the first progress that \`status\` tells to the end; b3sum from start to end. From the files' appearing to their being served, with the wait for late writers: ${spreadText(spread(ours.map(({ seconds }) => seconds)), 1)} s.`,
      `Answers to \`status\`, one after the other: median ${spread(answers).median.toFixed(1)} ms.`,
    ],
    figures: result,
  };
}

async function measure(folder: string, bytes: number, threads: number, pairs: number): Promise<Pair[]> {
  const data = join(folder, 'data');
  const paths = Array.from({ length: FILES }, (_, index) => join(data, `file-${index + 1}.bin`));
  for (const path of paths) await writeRandomFile(path, bytes / FILES);
  const old = new Date(Date.now() - 3_600_000); // Fresh files would first wait for the write stabilizer.
  for (const path of paths) await utimes(path, old, old);
  const hasRival = (await findProgram('b3sum')) !== undefined;
  const results: Pair[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const ours = await hashShare(folder, data, bytes);
    const turn = async (command: string, ...args: string[]): Promise<RivalTurn | undefined> => {
      if (!hasRival) return undefined;
      const { seconds, cpuSeconds } = await runMeasured(command, args);
      return { bytesPerSecond: bytes / seconds, cpuSeconds };
    };
    const b3sum = await turn('b3sum', `--num-threads=${threads}`, ...paths);
    // Without mapping b3sum has one thread: one process per file.
    const reading = await turn('sh', '-c', 'for f; do b3sum --no-mmap "$f" & done; wait', 'sh', ...paths);
    const rates = [ours, b3sum, reading].map((each) => ((each?.bytesPerSecond ?? 0) / 1e9).toFixed(2));
    const slowest = Math.max(...ours.answersMs).toFixed(0);
    console.log(
      `  Shoal ${rates[0]} GB/s, b3sum ${rates[1]} GB/s, reading ${rates[2]} GB/s, slowest answer ${slowest} ms`,
    );
    results.push({ ours, b3sum, reading });
  }
  return results;
}

/** Starts a peer with an empty share and moves the whole folder into it at once. */
async function hashShare(folder: string, data: string, bytes: number): Promise<OurTurn> {
  const rig = await Rig.make(folder);
  try {
    const peer = await rig.peer('peer');
    await status(peer);
    const inside = join(rig.share('peer'), 'data');
    await mkdir(rig.share('peer'), { recursive: true });
    const before = await usage(peer.pid);
    await rename(data, inside);
    const course = await watch(peer, bytes);
    const { cpuSeconds } = await usageSince(peer.pid, before);
    await peer.kill();
    await rename(inside, data);
    return { ...course, cpuSeconds };
  } finally {
    await rig.close();
    await removeFolder(join(folder, 'peer'));
  }
}

/**
 * Polls the status until all files are served. Timing starts with the first answer that shows progress: before that
 * the peer waits until the files are stable.
 */
async function watch(peer: LaunchedProgram, bytes: number): Promise<Omit<OurTurn, 'cpuSeconds'>> {
  const answersMs: number[] = [];
  let first: { readonly at: number; readonly left: number } | undefined;
  for (const appeared = performance.now(); ; ) {
    const asked = performance.now();
    const { share } = await status(peer);
    const answered = performance.now();
    const { files, bytes: left } = share.hashing;
    if (files > 0) answersMs.push(answered - asked);
    // Only after all files are found: the rest of a few is not progress.
    if (files > 0 && files + share.files === FILES && left < bytes) first ??= { at: answered, left };
    if (share.files === FILES && files === 0) {
      const { at, left: since } = first ?? { at: appeared, left: bytes };
      const seconds = (answered - at) / 1_000;
      return { seconds: (answered - appeared) / 1_000, bytesPerSecond: since / seconds, answersMs };
    }
    await sleep(ASK_MS);
  }
}

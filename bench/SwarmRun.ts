import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, writeRandomFile } from './Files.ts';
import type { LaunchedProgram } from './Programs/LaunchedProgram.ts';
import { PATIENCE_MS, Rig, status, untilShared, usage } from './Rig.ts';

const NAME = 'film.bin';
const POLL_MS = 20;

/** One seeder and many leechers of its file, each with an upload limit. */
export interface SwarmOptions {
  readonly leechers: number;
  readonly bytes: number;
  /** Upload limit of each peer, bytes per second. */
  readonly uploadRate: number;
  /** Number of leechers to kill (-9) when the others have half of the file. */
  readonly killed?: number;
  /** Copies of the file that the seeder sends before it is killed (-9). */
  readonly seederLeavesAfter?: number;
}

export interface SwarmResult {
  /** From the first `download` to the last `is done`. */
  readonly seconds: number;
  /** Time until each survivor is done. */
  readonly each: readonly number[];
  /** Lower bound of the time: the seeder sends everything once, all peers together send everything to all leechers. */
  readonly boundSeconds: number;
  /** Copies of the file sent by the seeder. */
  readonly seederCopies: number;
  /** CPU of all survivors since the first `download`. */
  readonly cpuSeconds: number;
}

/** Runs a swarm of real processes on loopback. @throws Error when a leecher does not finish, or a copy differs */
export async function runSwarm(options: SwarmOptions): Promise<SwarmResult> {
  const { leechers: count, bytes, uploadRate, killed = 0, seederLeavesAfter } = options;
  const rig = await Rig.make();
  try {
    const limit = ['--upload-limit', String(uploadRate)];
    const seeder = await rig.peer('seeder', limit);
    const original = join(rig.folder, NAME);
    await writeRandomFile(original, bytes);
    const hash = await hashFile(original);
    await rename(original, join(rig.share('seeder'), NAME));
    await untilShared(seeder, 1);
    const names = Array.from({ length: count }, (_, index) => `leecher-${index + 1}`);
    const leechers: LaunchedProgram[] = [];
    for (const name of names) leechers.push(await rig.peer(name, limit));
    await Promise.all(leechers.map((leecher) => status(leecher)));

    const measured = [seeder, ...leechers.slice(killed)];
    const cpuNow = async () =>
      (await Promise.all(measured.map(({ pid }) => usage(pid)))).reduce(
        (sum, { cpuSeconds }) => sum + cpuSeconds,
        0,
      );
    const cpuBefore = await cpuNow();
    const started = performance.now();
    const secondsNow = () => (performance.now() - started) / 1_000;
    const staying = leechers.slice(killed);
    const finished = staying.map(async (leecher) => {
      await leecher.ask(`download ${NAME}`, /is done/, PATIENCE_MS);
      return secondsNow();
    });
    for (const leecher of leechers.slice(0, killed)) leecher.type(`download ${NAME}`);
    const all = Promise.all(finished);
    const [first] = staying;
    if (killed > 0 && first !== undefined) {
      await until(async () => (await status(first)).received >= bytes / 2, all);
      await Promise.all(leechers.slice(0, killed).map((leecher) => leecher.kill()));
    }
    let sent = 0;
    if (seederLeavesAfter !== undefined) {
      await until(async () => {
        sent = (await status(seeder)).sent;
        return sent >= seederLeavesAfter * bytes;
      }, all);
      await seeder.kill();
    }
    const each = await all;
    const cpuSeconds = (await cpuNow()) - cpuBefore;
    if (seederLeavesAfter === undefined) sent = (await status(seeder)).sent;
    for (const name of names.slice(killed)) {
      if ((await hashFile(join(rig.share(name), NAME))) !== hash) throw new Error(`${name}'s copy differs`);
      await rm(join(rig.share(name), NAME));
    }
    return {
      seconds: Math.max(...each),
      each: each.toSorted((one, other) => one - other),
      boundSeconds: boundSeconds(options),
      seederCopies: sent / bytes,
      cpuSeconds,
    };
  } finally {
    await rig.close();
  }
}

/** The seeder sends each byte at least once; all senders together send it to all leechers. */
function boundSeconds({ leechers, bytes, uploadRate, killed = 0 }: SwarmOptions): number {
  const staying = leechers - killed;
  return Math.max(bytes / uploadRate, (staying * bytes) / (uploadRate * (1 + staying)));
}

/** Polls until `reached` holds, or `over` does. */
async function until(reached: () => Promise<boolean>, over: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  over.then(end, end);
  while (!ended && !(await reached())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

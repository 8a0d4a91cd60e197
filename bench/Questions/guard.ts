import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Account, account, spent } from '../Accounts.ts';
import { linkAll, sameBytes, sameTrees, writeRandomFile, writeTree } from '../Files.ts';
import { figuresOf, type Round } from '../Guard/Figures.ts';
import { countingEnvironment, hashedBytes } from '../Guard/HashCount.ts';
import { LIMITS, SCALE_LIMITS } from '../Guard/Limits.ts';
import { scaleFigures } from '../Guard/Scale.ts';
import { place } from '../Places.ts';
import type { LaunchedProgram } from '../Programs/LaunchedProgram.ts';
import { atMost, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, status, untilShared } from '../Rig.ts';

const FOLDER_DOWNLOAD = fileURLToPath(new URL('../Programs/FolderDownload.js', import.meta.url));
const FOLDER_FILES = 200_000;
const YARDSTICK = fileURLToPath(new URL('../Guard/Yardstick.js', import.meta.url));
const ROUNDS = 3;
const LARGE_BYTES = 256 * 2 ** 20;
const SMALL_FILES = 1_000;
const SMALL_BYTES = 4_096;

/**
 * A small subset for CI that noise does not disturb: bytes, system calls, hashing and memory of a transfer, and CPU
 * as a multiple of a plain copy by Node in the same minute. Guard/Limits.ts has the limits.
 */
export async function run(): Promise<Report> {
  if (process.platform !== 'linux') throw new Error('the guard reads /proc: it needs Linux');
  // In memory if there is room: the latency of a disk disturbs the CPU figures.
  const where = await place('memory', 6 * LARGE_BYTES);
  const rig = await Rig.make('path' in where ? where.path : undefined);
  try {
    const source = join(rig.folder, 'source');
    const hashes = join(rig.folder, 'hashes');
    await mkdir(hashes);
    await writeRandomFile(join(source, 'large.bin'), LARGE_BYTES);
    await writeTree(join(source, 'tree'), SMALL_FILES, SMALL_BYTES);
    const counting = { env: countingEnvironment(hashes) };
    const seeder = await rig.peer('seeder', [], undefined, counting);
    await linkAll(source, 'large.bin', rig.share('seeder'));
    await linkAll(source, 'tree/', rig.share('seeder'));
    await untilShared(seeder, 1 + SMALL_FILES);
    const rounds: Round[] = [];
    const payload = { large: LARGE_BYTES, small: SMALL_FILES * SMALL_BYTES, files: SMALL_FILES };
    const judge = (hashedBySender: number) => {
      return goalsOf(LIMITS, figuresOf(rounds, hashedBySender, payload));
    };
    // The least of all rounds counts: a figure spoiled by a busy machine gets three more rounds, a regression stays.
    for (
      let round = 1;
      round <= ROUNDS || (round <= 2 * ROUNDS && !judge(0).every(({ met }) => met));
      round++
    ) {
      const yardstick = await measureYardstick(source, join(rig.folder, `yardstick-${round}`));
      const name = `leecher-${round}`;
      const leecher = await rig.peer(name, [], undefined, counting);
      await status(leecher);
      const large = await watched([seeder, leecher], 'download large.bin', leecher);
      const small = await watched([seeder, leecher], 'download tree/', leecher);
      await quit(leecher);
      if (!(await sameBytes(join(source, 'large.bin'), join(rig.share(name), 'large.bin'))))
        throw new Error('the copy of large.bin differs');
      if (!(await sameTrees(join(source, 'tree'), join(rig.share(name), 'tree'))))
        throw new Error('the copy of tree/ differs');
      rounds.push({ yardstick, large, small, hashed: hashedBytes(hashes, leecher.pid) });
      await rig.forget(name);
    }
    await quit(seeder);
    const scale = { ...scaleFigures(), ...(await folderFigures()) };
    const goals = [...judge(hashedBytes(hashes, seeder.pid)), ...goalsOf(SCALE_LIMITS, scale)];
    return { title: 'Guard', tables: [], goals, notes: [], figures: rounds };
  } finally {
    await rig.close();
  }
}

function goalsOf(limits: Readonly<Record<string, number>>, figures: Readonly<Record<string, number>>) {
  return Object.entries(limits).map(([what, most]) =>
    atMost(`${what}: at most ${most}`, most, figures[what] ?? Number.NaN),
  );
}

/** Accounts of sender and receiver during one command of the receiver. */
async function watched(
  programs: readonly [LaunchedProgram, LaunchedProgram],
  command: string,
  leecher: LaunchedProgram,
): Promise<{ readonly sender: Account; readonly receiver: Account }> {
  const before = await Promise.all([account(programs[0].pid), account(programs[1].pid)]);
  await leecher.ask(command, /is done/, PATIENCE_MS);
  const after = await Promise.all([account(programs[0].pid), account(programs[1].pid)]);
  return { sender: spent(before[0], after[0]), receiver: spent(before[1], after[1]) };
}

/** Memory that lists, plans and states of a large folder take. */
async function folderFigures(): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(process.execPath, [FOLDER_DOWNLOAD, String(FOLDER_FILES)]);
  const { peakMiB } = JSON.parse(stdout) as { readonly peakMiB: number };
  return { 'peak MiB of a download of 200,000 small files, without network and disk': peakMiB };
}

async function measureYardstick(source: string, folder: string): Promise<Round['yardstick']> {
  const args = [YARDSTICK, join(source, 'large.bin'), folder, String(SMALL_FILES)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function quit(peer: LaunchedProgram): Promise<void> {
  peer.type('quit');
  await peer.exit(PATIENCE_MS);
}

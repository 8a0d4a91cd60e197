import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedProgram } from '../bench/Programs/LaunchedProgram.ts';
import { Rig, status, untilShared } from '../bench/Rig.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { filesBelow } from './Faults/StorageRun.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const MIB = 1_048_576;
/** Each run of the leecher lives for a time between these. */
const LIFE_MIN_MS = 350;
const LIFE_MAX_MS = 1_200;
/** Speed at which the leecher downloads, so that a download outlives many runs. */
const LIMIT = '6M';
const LARGE_BYTES = 24 * MIB;

interface Item {
  readonly path: string;
  readonly state: string;
  readonly bytes: number;
  readonly bytesFromBefore: number;
}

/** A leecher is killed again and again during downloads from two sources, of files and folders, and during pushes. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const random = new SeededRandom(seed);
  const kills = short ? 6 : 500;
  const rig = await Rig.make();
  try {
    const wanted = new Map<string, Buffer>();
    const lost: string[] = [];
    const seeders = ['anna', 'berta'];
    for (let set = 0; set < (short ? 1 : 40); set++) await writeSet(rig, seeders, set, random, wanted);
    const [anna, berta] = await Promise.all(seeders.map((name) => rig.peer(name)));
    if (anna === undefined || berta === undefined) throw new Error('no seeders');
    for (const seeder of [anna, berta]) await untilShared(seeder, wanted.size);
    let done = 0;
    let bytes = new Map<string, number>();
    let set = 0;
    while (done < kills) {
      const leecher = await rig.peer('leecher', ['--download-limit', LIMIT, '--accept', 'all']);
      const before = await downloads(leecher);
      for (const [path, known] of bytes) {
        const item = before.find((each) => each.path.endsWith(path));
        const kept = item?.bytes ?? Number.POSITIVE_INFINITY;
        if (kept < known) lost.push(`${path}: ${known} bytes before kill ${done}, ${kept} after`);
      }
      if (before.every(({ state }) => state === 'done')) {
        leecher.type(`download large${set}.bin`, `download folder${set}/`);
        anna.type(`send pushed${set}.bin leecher`);
        set = (set + 1) % (short ? 1 : 40);
      }
      bytes = await lastBytes(leecher, random.int(LIFE_MIN_MS, LIFE_MAX_MS));
      await leecher.kill();
      done++;
    }
    const sentBefore = await sent([anna, berta]);
    const leecher = await rig.peer('leecher', ['--accept', 'all']);
    await untilDone(leecher);
    const got = await filesBelow(rig.share('leecher'));
    const final = [...got].filter(([path]) => !path.startsWith('Temp/'));
    const wrong = final.filter(([path, content]) => !wanted.get(path)?.equals(content)).map(([path]) => path);
    return [
      { name: 'kills', value: String(done), met: true },
      figure('wrong or doubled files', wrong),
      figure('verified bytes fetched again', lost),
      { name: 'files in the end', value: String(final.length), wanted: 'some', met: final.length > 0 },
      { name: 'sent in all', value: `${Math.round(sentBefore / MIB)} MiB`, met: true },
    ];
  } finally {
    await rig.close();
  }
}

function figure(name: string, cases: readonly string[]): Figure {
  const value = cases.length === 0 ? '0' : `${cases.length}: ${cases.slice(0, 5).join('; ')}`;
  return { name, value, wanted: '0', met: cases.length === 0 };
}

/** A large file, one to push, and a folder with small and large files, at every seeder. */
async function writeSet(
  rig: Rig,
  seeders: readonly string[],
  set: number,
  random: SeededRandom,
  wanted: Map<string, Buffer>,
): Promise<void> {
  const sizes: [string, number][] = [
    [`large${set}.bin`, LARGE_BYTES],
    [`pushed${set}.bin`, 6 * MIB],
    [`folder${set}/large.bin`, 8 * MIB],
  ];
  for (let n = 0; n < 40; n++) sizes.push([`folder${set}/${n % 5}/small${n}`, random.int(1, 40_000)]);
  for (const [path, size] of sizes) {
    const content = random.bytes(size);
    wanted.set(path, content);
    for (const name of seeders) {
      await mkdir(dirname(join(rig.share(name), path)), { recursive: true });
      await writeFile(join(rig.share(name), path), content);
    }
  }
}

/** Follows the verified bytes of the large files until the time is over. */
async function lastBytes(leecher: LaunchedProgram, lifeMs: number): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  const endMs = performance.now() + lifeMs;
  while (performance.now() < endMs) {
    for (const item of await downloads(leecher))
      if (/(large|pushed)\d+\.bin$/.test(item.path) && item.state !== 'done')
        bytes.set(item.path, item.bytes);
    await pause(20);
  }
  return bytes;
}

async function downloads(leecher: LaunchedProgram): Promise<readonly Item[]> {
  const [line] = await leecher.ask('downloads --json', /^\{"version":.*"command":"downloads".*$/);
  return (JSON.parse(line) as { items?: readonly Item[] }).items ?? [];
}

async function untilDone(leecher: LaunchedProgram): Promise<void> {
  for (;;) {
    const items = await downloads(leecher);
    if (items.length > 0 && items.every(({ state }) => state === 'done')) return;
    if (items.length === 0) return;
    await pause(100);
  }
}

async function sent(peers: readonly LaunchedProgram[]): Promise<number> {
  const all = await Promise.all(peers.map(status));
  return all.reduce((sum, each) => sum + each.sent, 0);
}

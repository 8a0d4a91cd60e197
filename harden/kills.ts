import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedProgram } from '../bench/Programs/LaunchedProgram.ts';
import { Rig, status, untilShared } from '../bench/Rig.ts';
import { OWN_PREFIX } from '../Peer/Files/Watching/FolderWalk.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const MIB = 1_048_576;
/** Bounds of the lifetime of each run of the leecher. */
const LIFE_MIN_MS = 350;
const LIFE_MAX_MS = 1_200;
/** Speed at which the leecher downloads, so that a download outlives many runs. */
const LIMIT = '6M';
const LARGE_BYTES = 24 * MIB;
const KILLS = 500;
const KILLS_SHORT = 6;
/** Sets of files, one after the other. */
const SETS = 40;

interface Item {
  readonly path: string;
  readonly state: string;
  readonly bytes: number;
  readonly bytesFromBefore: number;
}

/** A leecher is killed again and again during downloads from two sources, of files and folders, and during pushes. */
export async function run({ short, seed, minutes }: TrialSettings): Promise<readonly Figure[]> {
  const random = new SeededRandom(seed);
  const kills = short ? KILLS_SHORT : KILLS;
  const sets = short ? 1 : SETS;
  const rig = await Rig.make();
  try {
    const wanted = new Map<string, string>();
    const lost: string[] = [];
    const seeders = ['anna', 'berta'];
    for (let set = 0; set < sets; set++) await writeSet(rig, seeders, set, random, wanted);
    const [anna, berta] = await Promise.all(seeders.map((name) => rig.peer(name)));
    if (anna === undefined || berta === undefined) throw new Error('no seeders');
    for (const seeder of [anna, berta]) await untilShared(seeder, wanted.size);
    const endMs = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
    let done = 0;
    let known = new Map<string, number>();
    let begun = 0;
    let compared = 0;
    while (done < kills && performance.now() < endMs) {
      const leecher = await rig.peer('leecher', ['--download-limit', LIMIT, '--accept', 'all']);
      const before = await downloads(leecher);
      if (begun < sets && before.every(({ state }) => state === 'done')) {
        begin(leecher, begun);
        anna.type(`send pushed${begun++}.bin leecher`);
      }
      const { bytes, fromBefore } = await follow(leecher, random.int(LIFE_MIN_MS, LIFE_MAX_MS));
      await leecher.kill();
      for (const [path, had] of known) {
        const kept = Math.max(fromBefore.get(path) ?? 0, await bytesAt(join(rig.share('leecher'), path)));
        if (kept === 0 && bytes.get(path) === 0) {
          bytes.set(path, had); // Not resumed before the kill: the next run shows it.
          continue;
        }
        compared++;
        if (kept < had) lost.push(`${path}: ${had} bytes before kill ${done}, ${kept} after`);
      }
      known = bytes;
      done++;
      if (done % 50 === 0) process.stderr.write(`${done} kills, ${begun} sets\n`);
    }
    const sentBytes = await sent([anna, berta]);
    const leecher = await rig.peer('leecher', ['--accept', 'all']);
    for (let set = 0; set < begun; set++) begin(leecher, set);
    await untilDone(leecher);
    const got = await hashesBelow(rig.share('leecher'));
    const wrong = [...got].filter(([path, hash]) => wanted.get(path) !== hash).map(([path]) => path);
    const asked = [...wanted.keys()].filter((path) => !path.startsWith('pushed') && setOf(path) < begun);
    return [
      { name: 'kills', value: `${done}, during ${begun} sets of files`, met: true },
      figure('wrong or doubled files', wrong),
      figure(
        'missing files',
        asked.filter((path) => !got.has(path)),
      ),
      figure('verified bytes fetched again', lost),
      {
        name: 'unfinished downloads compared after a kill',
        value: String(compared),
        wanted: 'one for two kills, at least',
        met: compared >= done / 2,
      },
      { name: 'files in the end', value: `${got.size} of ${wanted.size / sets} a set`, met: true },
      { name: 'sent before the last start', value: `${Math.round(sentBytes / MIB)} MiB`, met: true },
    ];
  } finally {
    await rig.close();
  }
}

/** Requests a file and a folder, unless they are complete or running. */
function begin(leecher: LaunchedProgram, set: number): void {
  leecher.type(`download large${set}.bin --no-wait`, `download folder${set}/ --no-wait`);
}

/** Number of the set that a path belongs to. */
function setOf(path: string): number {
  return Number(/\d+/.exec(path)?.[0]);
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
  wanted: Map<string, string>,
): Promise<void> {
  const sizes: [string, number][] = [
    [`large${set}.bin`, LARGE_BYTES],
    [`pushed${set}.bin`, 6 * MIB],
    [`folder${set}/large.bin`, 8 * MIB],
  ];
  for (let n = 0; n < 40; n++) sizes.push([`folder${set}/${n % 5}/small${n}`, random.int(1, 40_000)]);
  for (const [path, size] of sizes) {
    const content = random.bytes(size);
    wanted.set(path, hashOf(content));
    for (const name of seeders) {
      await mkdir(dirname(join(rig.share(name), path)), { recursive: true });
      await writeFile(join(rig.share(name), path), content);
    }
  }
}

/** Verified bytes of the downloads of one run, and bytes kept from the run before. */
interface Verified {
  readonly bytes: Map<string, number>;
  readonly fromBefore: Map<string, number>;
}

/** Samples the downloads for `lifeMs`, and at least once after the share is scanned. */
async function follow(leecher: LaunchedProgram, lifeMs: number): Promise<Verified> {
  const bytes = new Map<string, number>();
  const fromBefore = new Map<string, number>();
  const endMs = performance.now() + lifeMs;
  await untilShared(leecher, 0);
  do {
    for (const item of await downloads(leecher)) {
      if (item.state === 'done') continue;
      bytes.set(item.path, item.bytes);
      fromBefore.set(item.path, item.bytesFromBefore);
    }
    await pause(20);
  } while (performance.now() < endMs);
  return { bytes, fromBefore };
}

/** Size of a complete file, or of the complete files of a folder; 0: there is none. */
async function bytesAt(path: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || !stats.isDirectory()) return stats?.size ?? 0;
  const names = await readdir(path);
  const sizes = await Promise.all(names.map((name) => bytesAt(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
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

/** Hashes of the final files, by path. */
async function hashesBelow(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const below = path.slice(root.length + 1);
    if (!entry.isFile() || below.startsWith('Temp/') || entry.name.startsWith(OWN_PREFIX)) continue;
    found.set(below, hashOf(await readFile(path)));
  }
  return found;
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

async function sent(peers: readonly LaunchedProgram[]): Promise<number> {
  const all = await Promise.all(peers.map(status));
  return all.reduce((sum, each) => sum + each.sent, 0);
}

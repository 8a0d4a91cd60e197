import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, SendingSide } from './Contender.ts';
import { sameBytes, sameTrees } from './Files.ts';
import { fillFreeMemory } from './FreeMemory.ts';
import { atTheEnd } from './Places.ts';
import { usage, usageSince } from './Usage.ts';

/** One measured transfer. CPU and memory of all senders and the receiver. */
export interface Turn {
  readonly contender: string;
  readonly seconds: number;
  readonly gigabytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
  /** Of the senders alone. */
  readonly senderCpuSecondsPerGigabyte: number;
  readonly senderPeakMiB: number;
  readonly receiverPeakMiB: number;
}

/**
 * Copies up to this size are removed only at the end: ext4 without a journal scans all inodes deleted within the last
 * minute for each new file. After the removal of 20,000 files that cost the next turn up to 13 s of CPU.
 */
const KEPT_BYTES_MAX = 2 ** 28;
/** More files than are measured on a disk: in memory the removal costs the next turn nothing. */
const KEPT_FILES_MAX = 50_000;
let kept = 0;

/** One turn of Shoal and the rival's turn right after it. */
export interface Pair {
  readonly ours: Turn;
  readonly rival: Turn;
}

export interface Contest {
  readonly pairs: ReadonlyMap<string, readonly Pair[]>;
  /** Turns of Shoal when no rival is available. */
  readonly alone: readonly Turn[];
  /** Contenders that did not run, with the reason. */
  readonly skipped: readonly string[];
}

/** Runs all contenders in turns, Shoal before every rival: A B A C, A B A C. Each copy is compared byte by byte. */
export async function contest(ours: Entry, rivals: readonly Entry[], pairs: number): Promise<Contest> {
  const skipped: string[] = [];
  const sides = new Map<Entry, SendingSide>();
  const results = new Map<string, Pair[]>();
  const alone: Turn[] = [];
  const closeAll = async () => {
    for (const side of sides.values()) await side.close();
    sides.clear();
  };
  const forget = atTheEnd(closeAll); // An interrupted bench leaves no process behind.
  try {
    const here: Entry[] = [];
    for (const entry of [ours, ...rivals]) {
      const reason = await entry.contender.missing();
      if (reason === undefined) here.push(entry);
      else skipped.push(`${entry.contender.name}: ${reason}`);
    }
    for (const { contender, scene } of here) await contender.prepare?.(scene);
    for (const entry of here) sides.set(entry, await entry.contender.open(entry.scene));
    const present = rivals.filter((rival) => sides.has(rival));
    for (let pair = 0; pair < pairs; pair++) {
      for (const rival of present) {
        const first = await turn(ours, sides);
        const second = await turn(rival, sides);
        results.set(rival.contender.name, [
          ...(results.get(rival.contender.name) ?? []),
          { ours: first, rival: second },
        ]);
      }
      if (present.length === 0) alone.push(await turn(ours, sides));
    }
  } finally {
    forget();
    await closeAll();
  }
  return { pairs: results, alone, skipped };
}

async function turn(entry: Entry, sides: Map<Entry, SendingSide>): Promise<Turn> {
  const { contender, scene } = entry;
  const sending = sides.get(entry);
  if (sending === undefined) throw new Error(`${contender.name} is not open`);
  const folder = join(scene.folder, `copy of ${contender.name}`);
  await mkdir(folder);
  const copy = join(folder, scene.name);
  const isTree = scene.name.endsWith('/');
  const receiver = await sending.receiver(folder);
  const isLarge = scene.bytes > KEPT_BYTES_MAX || scene.files > KEPT_FILES_MAX;
  try {
    if (isLarge) await fillFreeMemory();
    const before = await Promise.all(sending.pids.map(usage));
    const started = performance.now();
    const taken = await receiver.take();
    const flushCpu = isTree ? 0 : await flush(copy);
    const seconds = (performance.now() - started) / 1_000;
    const given = await Promise.all(
      sending.pids.map((pid, index) => usageSince(pid, before[index] ?? { cpuSeconds: 0, peakMiB: 0 })),
    );
    const same = isTree ? sameTrees : sameBytes;
    if (!(await same(join(scene.source, scene.name), copy)))
      throw new Error(`${contender.name}: the copy differs`);
    const gigabytes = scene.bytes / 1e9;
    const senderCpu = given.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    const cpu = senderCpu + taken.cpuSeconds + flushCpu;
    const result: Turn = {
      contender: contender.name,
      seconds,
      gigabytesPerSecond: gigabytes / seconds,
      cpuSecondsPerGigabyte: cpu / gigabytes,
      senderCpuSecondsPerGigabyte: senderCpu / gigabytes,
      senderPeakMiB: Math.max(...given.map(({ peakMiB }) => peakMiB)),
      receiverPeakMiB: taken.peakMiB,
    };
    console.log(
      `  ${contender.name}: ${result.gigabytesPerSecond.toFixed(2)} GB/s, ${result.cpuSecondsPerGigabyte.toFixed(2)} CPU s/GB ` +
        `(${result.senderCpuSecondsPerGigabyte.toFixed(2)} of senders), ` +
        `peak ${result.senderPeakMiB.toFixed(0)} and ${result.receiverPeakMiB.toFixed(0)} MiB`,
    );
    return result;
  } finally {
    await receiver.close();
    if (isLarge) await rm(folder, { recursive: true, force: true });
    else await rename(folder, `${folder}, ${++kept}`);
  }
}

/**
 * Syncs the copy to disk, for all contenders alike: free in memory, and after a sync by the program itself.
 * @returns CPU seconds of the sync, which are the contender's
 */
async function flush(path: string): Promise<number> {
  const file = await open(path, 'r+');
  const before = process.cpuUsage();
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

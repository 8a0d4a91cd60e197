import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sameBytes } from './Files.ts';
import { fillFreeMemory } from './FreeMemory.ts';
import { freePort } from './Ports.ts';
import { PATIENCE_MS, type Rig, status } from './Rig.ts';
import { pumpReceiver, pumpSender } from './Rivals/Pump.ts';
import { usage, usageSince } from './Usage.ts';

/** Result of several receivers that start at the same time, each with a file of its own from one sender. */
export interface AtOnce {
  /** Time of each receiver from the common start until its file is complete. */
  readonly seconds: readonly number[];
  /** CPU of each receiver since the common start. */
  readonly cpuSeconds: readonly number[];
  readonly senderCpuSeconds: number;
}

/** Fetches these files of `source`. Comparing and removing the copies is not measured. */
export type FetchAtOnce = (source: string, names: readonly string[]) => Promise<AtOnce>;

/** Receivers that start in parallel: with more they compete for the cores. */
const READY_AT_ONCE = 4;

/**
 * Fetches with fresh Shoal peers, running but not linked to any peer.
 * @param seeder - the peer of this rig with the files
 */
export function ourLeechers(rig: Rig, seeder: { readonly pid: number }): FetchAtOnce {
  let group = 0;
  return async (source, names) => {
    group++;
    const called = (name: string) => `${group}-${name}`;
    const leechers = await inGroups(names, async (name) => {
      const leecher = await rig.peer(called(name));
      await status(leecher);
      return leecher;
    });
    const before = await Promise.all(leechers.map(({ pid }) => usage(pid)));
    const result = await together(seeder.pid, leechers, async (leecher, index) => {
      await leecher.ask(`download ${names[index]}`, /is done/, PATIENCE_MS);
      const from = before[index];
      return from === undefined ? Number.NaN : (await usageSince(leecher.pid, from)).cpuSeconds;
    });
    for (const [index, name] of names.entries()) {
      await checkCopy(join(source, name), join(rig.share(called(name)), name));
      await leechers[index]?.kill();
      await rig.forget(called(name));
    }
    return result;
  };
}

/** Fetches with bare pumps: fresh Node processes, running but not connected. @param folder - for the copies */
export function barePumps(folder: string): FetchAtOnce {
  return async (source, names) => {
    const parts = await Promise.all(
      names.map(async (name, index) => {
        const path = join(source, name);
        const [port, { size }] = await Promise.all([freePort(), stat(path)]);
        return { port, path, from: 0, to: size, copy: join(folder, `pumped-${index}`) };
      }),
    );
    const sender = await pumpSender(parts);
    try {
      const receivers = await inGroups(parts, (part) => pumpReceiver(part.copy, part));
      const result = await together(
        sender.pid,
        receivers,
        async (receiver) => (await receiver.take()).cpuSeconds,
      );
      for (const { path, copy } of parts) await checkCopy(path, copy);
      return result;
    } finally {
      await sender.close();
    }
  };
}

async function together<T>(
  sender: number,
  receivers: readonly T[],
  take: (receiver: T, index: number) => Promise<number>,
): Promise<AtOnce> {
  await fillFreeMemory();
  await sleep(500); // Work left over from the start is not measured.
  const before = await usage(sender);
  const started = performance.now();
  const taken = await Promise.all(
    receivers.map(async (receiver, index) => {
      const cpuSeconds = await take(receiver, index);
      return { cpuSeconds, seconds: (performance.now() - started) / 1_000 };
    }),
  );
  return {
    seconds: taken.map(({ seconds }) => seconds),
    cpuSeconds: taken.map(({ cpuSeconds }) => cpuSeconds),
    senderCpuSeconds: (await usageSince(sender, before)).cpuSeconds,
  };
}

async function checkCopy(original: string, copy: string): Promise<void> {
  if (!(await sameBytes(original, copy))) throw new Error(`${copy} differs from ${original}`);
  await rm(copy);
}

async function inGroups<T, R>(items: readonly T[], use: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += READY_AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + READY_AT_ONCE).map(use))));
  return results;
}

import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sameBytes } from './Files.ts';
import { freePort } from './Ports.ts';
import { PATIENCE_MS, type Rig, status } from './Rig.ts';
import { pumpGiver, pumpTaker } from './Rivals/Pump.ts';
import { usage, usageSince } from './Usage.ts';

/** Several receivers that began at the same moment, each with a file of its own from one giver. */
export interface AtOnce {
  /** Of each receiver, from the common start. */
  readonly seconds: readonly number[];
  /** Of each receiver, from the common start until it had its file. */
  readonly cpuSeconds: readonly number[];
  readonly giverCpuSeconds: number;
}

/** Fetches these files of `source`. The copies are compared and removed outside the measured time. */
export type FetchAtOnce = (source: string, names: readonly string[]) => Promise<AtOnce>;

/** Receivers that are made ready at the same time: more only wait for each other. */
const READY_AT_ONCE = 4;

/** Fresh peers of ours, running and linked to nobody. @param seeder - the peer of that rig that has the files */
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

/** Bare pumps: fresh processes of Node, running and connected to nobody. @param folder - for the copies */
export function barePumps(folder: string): FetchAtOnce {
  return async (source, names) => {
    const parts = await Promise.all(
      names.map(async (name, index) => {
        const path = join(source, name);
        const [port, { size }] = await Promise.all([freePort(), stat(path)]);
        return { port, path, from: 0, to: size, copy: join(folder, `pumped-${index}`) };
      }),
    );
    const giver = await pumpGiver(parts);
    try {
      const takers = await inGroups(parts, (part) => pumpTaker(part.copy, part));
      const result = await together(giver.pid, takers, async (taker) => (await taker.take()).cpuSeconds);
      for (const { path, copy } of parts) await checkCopy(path, copy);
      return result;
    } finally {
      await giver.close();
    }
  };
}

async function together<T>(
  giver: number,
  takers: readonly T[],
  take: (taker: T, index: number) => Promise<number>,
): Promise<AtOnce> {
  await sleep(500); // What starting has left to do is no part of it.
  const before = await usage(giver);
  const started = performance.now();
  const taken = await Promise.all(
    takers.map(async (taker, index) => {
      const cpuSeconds = await take(taker, index);
      return { cpuSeconds, seconds: (performance.now() - started) / 1_000 };
    }),
  );
  return {
    seconds: taken.map(({ seconds }) => seconds),
    cpuSeconds: taken.map(({ cpuSeconds }) => cpuSeconds),
    giverCpuSeconds: (await usageSince(giver, before)).cpuSeconds,
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

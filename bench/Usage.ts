import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What processes used, as the kernel counts it (Linux; elsewhere all is 0). */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** CPU of a running process and of its children that have ended, and its peak memory so far. 0 when it is gone. */
export async function usage(pid: number): Promise<Usage> {
  const [own, ended, peakMiB] = await Promise.all([cpu(pid, 11, 13), cpu(pid, 13, 15), peak(pid)]);
  return { cpuSeconds: own + ended, peakMiB };
}

/** Resident memory now, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  return memory(pid, 'VmRSS');
}

/** From `before` to now; the peak is that of its whole life. */
export async function usageSince(pid: number, before: Usage): Promise<Usage> {
  const now = await usage(pid);
  return { cpuSeconds: now.cpuSeconds - before.cpuSeconds, peakMiB: now.peakMiB };
}

/**
 * Runs a program to its end.
 * @returns what it and its children used: CPU as counted for ended children of this process, so nothing else may end meanwhile
 * @throws Error when it fails
 */
export async function runMeasured(
  command: string,
  args: readonly string[],
): Promise<Usage & { seconds: number }> {
  const before = await cpu(process.pid, 13, 15);
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  let running = true;
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  }).finally(() => {
    running = false;
  });
  let peakMiB = 0;
  const watching = (async () => {
    while (running && child.pid !== undefined) {
      const family = [child.pid, ...(await children(child.pid))];
      for (const pid of family) peakMiB = Math.max(peakMiB, await peak(pid));
      await sleep(25);
    }
  })();
  const ended = await code;
  const seconds = (performance.now() - started) / 1_000;
  await watching;
  if (ended !== 0) throw new Error(`${command} ended with ${ended}`);
  return { seconds, cpuSeconds: (await cpu(process.pid, 13, 15)) - before, peakMiB };
}

/** Direct children that run now. */
export async function children(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Sum of some of the times of proc(5), in ticks of 1/100 s, counted behind the parenthesised name: 11 user, 12 system, 13, 14 children's. */
async function cpu(pid: number, from: number, to: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(from, to).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}

async function peak(pid: number): Promise<number> {
  return memory(pid, 'VmHWM');
}

async function memory(pid: number, field: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1] ?? 0) / 1_024;
}

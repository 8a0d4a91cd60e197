import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resource usage of processes, from the kernel's counters (0 outside Linux). */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** CPU of a running process and its ended children, and its peak memory. 0 after its end. */
export async function usage(pid: number): Promise<Usage> {
  const [own, ended, peakMiB] = await Promise.all([cpu(pid, 11, 13), cpu(pid, 13, 15), peak(pid)]);
  return { cpuSeconds: own + ended, peakMiB };
}

/** Current resident memory in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  return memory(pid, 'VmRSS');
}

/** CPU since `before`; the peak is that of the whole process. */
export async function usageSince(pid: number, before: Usage): Promise<Usage> {
  const now = await usage(pid);
  return { cpuSeconds: now.cpuSeconds - before.cpuSeconds, peakMiB: now.peakMiB };
}

/**
 * Runs a program to its end.
 * @returns usage of the program and its children. CPU is that of the ended children of this process: no other may end
 * meanwhile
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

/** Direct children that are running. */
export async function children(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/**
 * Sum of fields of proc(5) stat after the name, in ticks of 1/100 s: 11 user, 12 system, 13 and 14 those of children.
 */
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

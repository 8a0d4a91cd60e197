import { readFile } from 'node:fs/promises';
import { systemCode } from '../../Shared/ShoalError.ts';

/** Identity of a process, distinct from later processes with the same pid. */
export interface RunningProcess {
  readonly pid: number;
  /** Boot id and start time; empty where the system does not provide them. */
  readonly started: string;
}

export async function thisProcess(): Promise<RunningProcess> {
  return { pid: process.pid, started: await startOf(process.pid) };
}

/** Whether the process still runs; true if uncertain. */
export async function isRunning({ pid, started }: RunningProcess): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (failure) {
    if (systemCode(failure) === 'ESRCH') return false;
  }
  const now = await startOf(pid);
  return now === '' || started === '' || now === started;
}

/** Linux: boot id, and start time in clock ticks since boot (proc(5), stat field 22). */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may contain any character: fields are counted after
    // it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? '' : `${boot} ${ticks}`;
  } catch {
    return '';
  }
}

import { readFile } from 'node:fs/promises';
import { systemCode } from '../../Shared/ShoalError.ts';

/** A process, told apart from a later one with the same number. */
export interface RunningProcess {
  readonly pid: number;
  /** Boot and moment of its start; empty where the system does not tell. */
  readonly started: string;
}

export async function thisProcess(): Promise<RunningProcess> {
  return { pid: process.pid, started: await startOf(process.pid) };
}

/** Whether it still runs. In doubt yes. */
export async function isRunning({ pid, started }: RunningProcess): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (failure) {
    if (systemCode(failure) === 'ESRCH') return false;
  }
  const now = await startOf(pid);
  return now === '' || started === '' || now === started;
}

/** Linux: the boot, and the start in clock ticks since then (proc(5), stat field 22). */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything: fields are counted behind it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? '' : `${boot} ${ticks}`;
  } catch {
    return '';
  }
}

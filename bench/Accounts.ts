import { readFile } from 'node:fs/promises';
import { usage } from './Usage.ts';

/** Kernel counters of a process (Linux), over all its threads, files and sockets. */
export interface Account {
  /** Bytes and calls of read(2), write(2) and their variants. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly reads: number;
  readonly writes: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

export async function account(pid: number): Promise<Account> {
  const [text, { cpuSeconds, peakMiB }] = await Promise.all([
    readFile(`/proc/${pid}/io`, 'utf8'),
    usage(pid),
  ]);
  const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    bytesRead: field('rchar'),
    bytesWritten: field('wchar'),
    reads: field('syscr'),
    writes: field('syscw'),
    cpuSeconds,
    peakMiB,
  };
}

/** Difference of two accounts; the peak is that of the later one. */
export function spent(before: Account, after: Account): Account {
  return {
    bytesRead: after.bytesRead - before.bytesRead,
    bytesWritten: after.bytesWritten - before.bytesWritten,
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    peakMiB: after.peakMiB,
  };
}

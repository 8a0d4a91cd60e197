import { getPriority, setPriority } from 'node:os';

/** Of Linux. */
const NICENESS_MAX = 19;

/**
 * Lowers the priority of the calling thread, on Linux; elsewhere it would be that of the whole process. Relative to the
 * present one, because users without privileges may not raise that of a process that was started by `nice`.
 */
export function beNicer(
  by: number,
  platform = process.platform,
  system: { getPriority(): number; setPriority(niceness: number): void } = { getPriority, setPriority },
): void {
  if (platform === 'linux') system.setPriority(Math.min(NICENESS_MAX, system.getPriority() + by));
}

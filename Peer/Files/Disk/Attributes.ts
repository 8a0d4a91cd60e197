import { fchmodSync, fstatSync, futimesSync } from 'node:fs';
import type { FileAttributes } from '../../Model.ts';
import { OWNER_MAY_RUN } from './FileState.ts';

/** Mode bits of owner, group and others that make a file a program. */
const ANYBODY_MAY_RUN = 0o111;
/** Times become seconds as a double, which would round down to the millisecond before. */
const HALF_MICROSECOND_MS = 0.000_5;

/**
 * Sets modification time and executable bit of an open file, through its descriptor. A file system without one of
 * them keeps its own; `attributesLost` reports that.
 */
export function setAttributes(fd: number, { modifiedMs, executable }: FileAttributes): void {
  if (modifiedMs === undefined) return;
  try {
    const { mode, atimeMs } = fstatSync(fd);
    futimesSync(fd, atimeMs / 1_000, timeSeconds(modifiedMs));
    const wanted = (executable ? mode | OWNER_MAY_RUN : mode & ~ANYBODY_MAY_RUN) & 0o7777;
    if (wanted !== (mode & 0o7777)) fchmodSync(fd, wanted);
  } catch {
    // A download does not fail because of a time.
  }
}

/** The time for a system call that takes seconds as a double and rounds down. */
export function timeSeconds(ms: number): number {
  return (ms + HALF_MICROSECOND_MS) / 1_000;
}

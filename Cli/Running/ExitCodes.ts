import type { ErrorCode } from '../../Shared/ShoalError.ts';

/** Exit codes of `shoal <command>`. Scripts branch on these; docs/reference/exit-codes.md lists them. */
export const EXIT = {
  ok: 0,
  other: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  unreachable: 5,
  timeout: 6,
  interrupted: 7,
  integrity: 8,
  diskFull: 9,
  conflict: 10,
  partly: 11,
} as const;

const BY_CODE: Readonly<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  AMBIGUOUS: EXIT.usage, // the argument fits several files or peers
  NOT_FOUND: EXIT.notFound,
  REFUSED: EXIT.refused,
  BUSY: EXIT.refused,
  NO_TRACKER: EXIT.unreachable,
  UNREACHABLE: EXIT.unreachable,
  BLOCKED: EXIT.unreachable,
  TIMEOUT: EXIT.timeout,
  CANCELLED: EXIT.interrupted,
  CLOSED: EXIT.interrupted, // the running peer ended; its downloads continue at its next start
  INTEGRITY: EXIT.integrity,
  FILE_CHANGED: EXIT.integrity,
  DISK_FULL: EXIT.diskFull,
  LOCAL_CONFLICT: EXIT.conflict,
  PORT_IN_USE: EXIT.conflict,
  DISK_FAILED: EXIT.other,
  PART_FILE_GONE: EXIT.other,
  BAD_FRAME: EXIT.other,
  UNHEALTHY: EXIT.other,
};

/** @param code - an ErrorCode, or a code of a peer of another version: unknown codes give `other` */
export function exitCodeOf(code: string): number {
  return Object.hasOwn(BY_CODE, code) ? BY_CODE[code as ErrorCode] : EXIT.other;
}

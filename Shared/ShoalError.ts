import { safeText } from './Text/SafeText.ts';

/** Stable names of failures. Programs branch on these, never on the message. */
export type ErrorCode =
  | 'BAD_FRAME' //         received bytes violate the protocol
  | 'USAGE' //             an invalid command, flag or argument
  | 'NOT_FOUND' //         no such file, peer or download
  | 'AMBIGUOUS' //         several candidates: the user has to choose
  | 'REFUSED' //           the other side refused
  | 'BUSY' //              too much at once: the same may work later
  | 'NO_TRACKER' //        no tracker answered
  | 'UNREACHABLE' //       a peer does not answer
  | 'BLOCKED' //           neither computer can connect to the other
  | 'TIMEOUT'
  | 'CANCELLED' //         ended by the user or by closing
  | 'INTEGRITY' //         content does not match its hash
  | 'FILE_CHANGED' //      a shared file changed after it was hashed
  | 'DISK_FULL'
  | 'DISK_FAILED' //       the disk refused to read or write
  | 'PART_FILE_GONE' //    the unfinished file vanished under a download
  | 'LOCAL_CONFLICT' //    a lock or a name on this computer is in the way
  | 'PORT_IN_USE'
  | 'UNHEALTHY' //         the doctor found something in the way of sharing
  | 'CLOSED'; //           used after close()

/** Writes a command as its reader types it: `peers` in the console, `shoal peers` in a shell. */
export type CommandForm = (command: string) => string;

/** Next step for the user, ready to print. It is a function if it names a command that the console has, too. */
export type Hint = string | ((command: CommandForm) => string);

/** Commands for a shell. */
export const shellForm: CommandForm = (command) => `shoal ${command}`;

/** A failure the user can act on. A bug is not one: it fails an assertion and crashes. */
export class ShoalError extends Error {
  override readonly name = 'ShoalError';
  readonly code: ErrorCode;
  readonly #hint: Hint | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: Hint; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.#hint = options.hint;
  }

  /** The hint for every reader but one at the console: its commands are those of a shell. */
  get hint(): string | undefined {
    return this.hintFor(shellForm);
  }

  hintFor(command: CommandForm): string | undefined {
    return typeof this.#hint === 'function' ? this.#hint(command) : this.#hint;
  }
}

/**
 * The failure itself if it is a ShoalError, else a new one with `code` and its message. A full disk is never
 * DISK_FAILED.
 */
export function asShoalError(failure: unknown, code: ErrorCode): ShoalError {
  if (failure instanceof ShoalError) return failure;
  const message = failure instanceof Error ? failure.message : String(failure);
  return new ShoalError(code === 'DISK_FAILED' ? diskCode(failure) : code, message, { cause: failure });
}

/** `error: …` and `hint: …`, one line each, safe to print. */
export function errorText(error: ShoalError, defaultHint?: string): string {
  const hint = error.hint ?? defaultHint;
  const lines = [`error: ${error.message}`, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return lines.map((line) => `${safeText(line)}\n`).join('');
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE`, …), if it has one. */
export function systemCode(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null || !('code' in failure)) return undefined;
  return typeof failure.code === 'string' ? failure.code : undefined;
}

/** The code of a failed write or read: whether the disk is full. */
export function diskCode(failure: unknown): 'DISK_FULL' | 'DISK_FAILED' {
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCode(failure) ?? '');
  return isFull ? 'DISK_FULL' : 'DISK_FAILED';
}

import { spawn } from 'node:child_process';
import { fstatSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { isatty } from 'node:tty';
import type { Closing } from '../Async/Closing.ts';
import { diskCode, errorText, ShoalError, systemCode } from '../ShoalError.ts';

/** Exit code of a program that a second Ctrl-C ends, as shells report it. */
const KILLED = 130;
/** Columns of a terminal that reports none, as `script` and some CI systems do. */
const USUAL_COLUMNS = 80;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Aborted by the first SIGINT (Ctrl-C), SIGTERM or SIGHUP. The second one ends the process at once.
 * @param hangUp - called for SIGHUP instead when no terminal is attached, as services are asked to read their
 * settings again
 */
export function interruption(hangUp?: () => void): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(KILLED);
    controller.abort();
  };
  const hungUp = hangUp !== undefined && !hasTerminal() ? hangUp : isDetached() ? () => {} : interrupt;
  for (const name of SIGNALS) process.on(name, name === 'SIGHUP' ? hungUp : interrupt);
  // `process.exit` waits for system calls under way, which may hang on a dead network disk. From here on the next
  // signal ends the process without Node's help.
  process.on('exit', () => {
    for (const name of SIGNALS) process.off(name, interrupt);
  });
  return controller.signal;
}

/**
 * Closes everything, or gives up at the limit. The timer keeps the process alive: what is left to close may not, as a
 * thread that is about to end, and the process would end before its lock files are removed.
 */
export async function closeWithin(limitMs: number, opened: Closing): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((done) => {
    timer = setTimeout(done, limitMs);
  });
  await Promise.race([opened.run(), limit]).finally(() => clearTimeout(timer));
}

/**
 * Whether the program runs without a terminal and writes to a file, as under `nohup`: then a closing terminal ends it
 * no more. Node resets ignored signals at its start, so that the wish of `nohup` itself is lost.
 */
function isDetached(): boolean {
  return !hasTerminal() && isFile(1);
}

function hasTerminal(): boolean {
  return [0, 1, 2].some(isatty);
}

/**
 * Reports to systemd that a unit of `Type=notify` is ready. Node has no datagram sockets of the file system:
 * systemd's own tool does it.
 */
export function announceReadiness(): void {
  if (process.env.NOTIFY_SOCKET === undefined) return;
  spawn('systemd-notify', ['--ready'], { stdio: 'ignore' }).on('error', () => {});
}

/** An output stream of the process, which may be a terminal. */
export type Output = NodeJS.WriteStream & { readonly fd: number };

/**
 * Keeps a program running when an output fails. A reader that left (EPIPE, a closed terminal) is no failure.
 * @returns the first failure of all that was written so far: DISK_FULL, DISK_FAILED
 */
export function watchOutputs(
  outputs: readonly Output[] = [process.stdout, process.stderr],
): () => Promise<ShoalError | undefined> {
  let first: ShoalError | undefined;
  for (const output of outputs) {
    writeWhole(output);
    output.on('error', (failure) => {
      const hasLeft = systemCode(failure) === 'EPIPE' || (output.isTTY && systemCode(failure) === 'EIO');
      if (!hasLeft) first ??= outputError(failure);
    });
  }
  return async () => {
    await setImmediate(); // A stream reports a failed write in a later turn.
    return first;
  };
}

/**
 * The exit code of a program after its output: a failure to write that is reported on stderr, and makes a success 9
 * (no space) or 1.
 * @param outputFailure - of watchOutputs
 */
export async function withOutput(
  exitCode: number,
  outputFailure: () => Promise<ShoalError | undefined>,
): Promise<number> {
  const failure = await outputFailure();
  if (failure === undefined || exitCode !== 0) return exitCode;
  process.stderr.write(errorText(failure));
  return failure.code === 'DISK_FULL' ? 9 : 1;
}

/**
 * Writes to files until all bytes are written. Node ignores the count of a partial write, so that the end of a text
 * would be lost silently on a disk that is just full.
 */
function writeWhole(output: Output): void {
  const { fd } = output;
  if (!isFile(fd)) return;
  output._write = (data: Uint8Array, _encoding, done) => {
    try {
      for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
      done();
    } catch (failure) {
      done(failure as Error);
    }
  };
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false; // Closed.
  }
}

function outputError(failure: Error): ShoalError {
  const code = systemCode(failure);
  if (diskCode(failure) === 'DISK_FULL') {
    return new ShoalError('DISK_FULL', 'the output could not be written: no space is left', {
      hint: 'It is incomplete. Free some space, or write it to another disk.',
      cause: failure,
    });
  }
  return new ShoalError('DISK_FAILED', `the output could not be written: ${code ?? failure.message}`, {
    hint: 'It is incomplete. Write it to another place.',
    cause: failure,
  });
}

/** Columns of a terminal now; undefined: no terminal, and no text is shortened. */
export function columnsOf(output: Output): number | undefined {
  return output.isTTY ? output.columns || USUAL_COLUMNS : undefined;
}

/** Whether control sequences work: on a terminal that is not TERM=dumb. */
export function hasCursor(output: Output): boolean {
  return output.isTTY === true && process.env.TERM !== 'dumb';
}

export function wantsColor(output: Output): boolean {
  return hasCursor(output) && !process.env.NO_COLOR;
}

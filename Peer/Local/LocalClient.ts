import { connect, type Socket } from 'node:net';
import { onAbort } from '../../Shared/Async/OnAbort.ts';
import { ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import {
  ANSWER_BYTES_MAX,
  BoundedLines,
  LOCAL_VERSION,
  type LocalHello,
  type LocalRequest,
  parseObject,
  readHello,
} from './LocalMessages.ts';

/**
 * Timeout of a hello, in milliseconds. A local peer answers at once, on a very busy computer after a second, or
 * hangs.
 */
const HELLO_MS = 3_000;
/** Time for the peer's last lines after an abort, in milliseconds. */
const ABORT_GRACE_MS = 3_000;

/** Requests the description of the peer at a socket. `stale`: its owner is gone; undefined: no valid answer. */
export async function requestHello(path: string): Promise<LocalHello | 'stale' | undefined> {
  try {
    const request: LocalRequest = { version: LOCAL_VERSION, ask: 'hello' };
    const answer = await talk(path, request, () => {}, AbortSignal.timeout(HELLO_MS), 0);
    return readHello(answer);
  } catch (failure) {
    const cause = failure instanceof Error ? failure.cause : undefined;
    return systemCode(cause) === 'ECONNREFUSED' ? 'stale' : undefined;
  }
}

/**
 * Runs a command in a running peer. An abort is passed on; the peer's last lines are awaited.
 * @param progress - receives every line before the answer
 * @throws ShoalError UNREACHABLE when the peer is gone, BAD_FRAME when it refuses
 */
export async function requestRun(
  path: string,
  request: Omit<Extract<LocalRequest, { ask: 'run' }>, 'version' | 'ask'>,
  progress: (event: Readonly<Record<string, unknown>>) => void,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const whole: LocalRequest = { version: LOCAL_VERSION, ask: 'run', ...request };
  const answer = await talk(path, whole, progress, signal, ABORT_GRACE_MS);
  if (answer.event === 'refused') {
    throw new ShoalError('BAD_FRAME', String(answer.message), {
      hint: 'Restart the peer so that both have the same version.',
    });
  }
  return answer;
}

/** Sends one request and returns the last line of the answer. */
function talk(
  path: string,
  request: LocalRequest,
  progress: (event: Readonly<Record<string, unknown>>) => void,
  signal: AbortSignal,
  abortGraceMs: number,
): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const lines = new BoundedLines(ANSWER_BYTES_MAX);
    const socket: Socket = connect(path);
    let timer: NodeJS.Timeout | undefined;
    const abort = () => {
      if (abortGraceMs > 0) socket.write('{"abort":true}\n');
      timer = setTimeout(() => socket.destroy(), abortGraceMs);
    };
    const stopListening = onAbort(signal, abort);
    socket.on('connect', () => {
      socket.write(`${JSON.stringify(request)}\n`);
      if (signal.aborted) abort();
    });
    socket.on('error', (failure) => reject(gone(failure)));
    socket.on('close', () => {
      clearTimeout(timer);
      stopListening();
      reject(gone());
    });
    socket.on('data', (chunk) => {
      try {
        for (const line of lines.push(chunk)) {
          const value = parseObject(line);
          if (value.event === 'progress') progress(value);
          else {
            resolve(value);
            socket.destroy();
          }
        }
      } catch (failure) {
        reject(failure);
        socket.destroy();
      }
    });
  });
}

function gone(cause?: Error): ShoalError {
  return new ShoalError('UNREACHABLE', 'the running peer closed the connection before answering', {
    hint: 'Run the command again: without a running peer it works on its own.',
    cause,
  });
}

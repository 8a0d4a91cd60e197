import { connect, type Socket } from 'node:net';
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

/** A peer on this machine answers at once, or hangs, in milliseconds. */
const HELLO_MS = 1_000;
/** After an abort the peer may still put away what it has, in milliseconds. */
const ABORT_GRACE_MS = 3_000;

/** What the peer at a socket says of itself. `stale`: its owner is gone; undefined: nobody answers in our words. */
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
 * Lets a running peer run a command. An abort is passed on, and its last words are waited for.
 * @param progress - takes every line before the answer
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
      hint: 'Restart the peer, so that both are of the same version.',
    });
  }
  return answer;
}

/** Sends one line and gives the last line of the answer. */
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
    signal.addEventListener('abort', abort, { once: true });
    socket.on('connect', () => {
      socket.write(`${JSON.stringify(request)}\n`);
      if (signal.aborted) abort();
    });
    socket.on('error', (failure) => reject(gone(failure)));
    socket.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
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
  return new ShoalError('UNREACHABLE', 'the running peer went away before it answered', {
    hint: 'Run the command again: without a running peer it does the work itself.',
    cause,
  });
}

import { connect } from 'node:net';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import type { HostileRequest } from './HostileRequests.ts';

/** Bytes of an answer that are examined. */
const ANSWER_BYTES_MAX = 256 * 1_024;
/** Time without a byte after which a connection counts as answered, and time for all of it. */
const QUIET_MS = 700;
const WHOLE_MS = 4_000;
/** Interval between the bytes of a slow request, and number of bytes sent slowly. */
const SLOW_MS = 40;
const SLOW_BYTES = 60;

/** The received bytes. */
export interface HostileAnswer {
  readonly text: string;
  /** Statuses in order. */
  readonly statuses: readonly number[];
}

/** Sends a request on a connection of its own, from a random address of loopback. Never rejects. */
export function send(port: number, request: HostileRequest, random: SeededRandom): Promise<HostileAnswer> {
  const part = () => random.int(1, 254);
  const socket = connect({
    port,
    host: '127.0.0.1',
    localAddress: `127.${part()}.${part()}.${part()}`,
    allowHalfOpen: true,
  });
  const pieces: Buffer[] = [];
  let length = 0;
  let slow: NodeJS.Timeout | undefined;
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(quiet);
      clearTimeout(whole);
      clearInterval(slow);
      socket.destroy();
      const text = Buffer.concat(pieces).toString('latin1');
      resolve({ text, statuses: statusesOf(text) });
    };
    const quiet = setTimeout(end, request.manner === 'slow' ? WHOLE_MS : QUIET_MS);
    const whole = setTimeout(end, WHOLE_MS);
    socket.on('error', () => {});
    socket.on('close', end);
    socket.on('end', end);
    socket.on('connect', () => {
      if (request.manner === 'slow') slow = writeSlowly(request.bytes, (bytes) => socket.write(bytes));
      else socket.write(request.bytes);
      if (request.manner === 'half-closed') socket.end();
    });
    socket.on('data', (bytes) => {
      quiet.refresh();
      pieces.push(bytes);
      length += bytes.length;
      if (request.manner === 'reset') socket.resetAndDestroy();
      else if (length > ANSWER_BYTES_MAX) end();
    });
  });
}

function writeSlowly(bytes: Buffer, write: (bytes: Buffer) => void): NodeJS.Timeout {
  let at = 0;
  const timer = setInterval(() => {
    if (at >= Math.min(bytes.length, SLOW_BYTES)) clearInterval(timer);
    else write(bytes.subarray(at, ++at));
  }, SLOW_MS);
  return timer;
}

function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/g)].map(([, status]) => Number(status));
}

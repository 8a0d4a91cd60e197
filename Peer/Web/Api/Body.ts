import type { Readable } from 'node:stream';
import type { Clock } from '../../../Shared/Time/Clock.ts';

/** Upper bound on the body of a request in bytes, and on the time to receive it in milliseconds. */
export const BODY_BYTES_MAX = 64 * 1_024;
const BODY_MS = 10_000;

/**
 * The JSON of a body; undefined: none. A body that takes longer than BODY_MS ends the connection.
 * @throws RangeError: larger than BODY_BYTES_MAX, and the rest is not read
 */
export async function readJson(body: Readable, clock: Clock): Promise<unknown> {
  const cancel = clock.after(BODY_MS, () => body.destroy());
  try {
    const pieces: Buffer[] = [];
    let bytes = 0;
    body.on('error', () => {});
    for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > BODY_BYTES_MAX) throw new RangeError('the body is too large');
      pieces.push(piece);
    }
    return parsed(Buffer.concat(pieces).toString());
  } finally {
    cancel();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

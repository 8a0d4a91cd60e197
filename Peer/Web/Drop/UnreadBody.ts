import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../Shared/Time/Clock.ts';

/** Bytes of a refused body that are dropped, and the time to receive them, so that the client reads the answer. */
const DROPPED_BYTES_MAX = 1_024 * 1_024;
const LINGER_MS = 2_000;

/**
 * Sends the answer to a request whose body was not read, then closes. A connection that is closed with unread bytes is
 * reset, and a client that still sends would never see the answer.
 */
export async function answerUnread(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: string,
  clock: Clock,
): Promise<void> {
  outgoing.write(body);
  let bytes = 0;
  await new Promise<void>((resolve) => {
    const stop = clock.after(LINGER_MS, resolve);
    const done = () => {
      stop();
      resolve();
    };
    if (incoming.readableEnded || incoming.destroyed) return done();
    incoming.on('error', done).on('end', done).on('close', done);
    incoming.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > DROPPED_BYTES_MAX) done();
    });
  });
  outgoing.end();
}

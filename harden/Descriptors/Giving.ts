import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ByteStream } from '../../Shared/Network/Transport.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';

/** First byte of a sending connection: the next byte is the value of all that follow. */
export const GIVES = 254;
const READ_BYTES = 65_536;
const WRITE_BYTES_MAX = 300_000;
/** A sender disconnects after this time at most; the first answer takes a second under load. */
const GIVER_MS = 3_000;

/**
 * Reads an accepted connection into memory of its owner, with pauses, sometimes ended by this side. Sends a first
 * byte.
 */
export function takeOver(
  stream: ByteStream,
  value: number,
  random: SeededRandom,
  found: { takenOver: number; bytes: number; wrongBytes: number },
): void {
  const memory = Buffer.alloc(READ_BYTES);
  const wanted = Buffer.alloc(READ_BYTES, value);
  let isRead = false;
  const filled = (count: number) => {
    if (!isRead) found.takenOver++;
    isRead = true;
    found.bytes += count;
    if (!memory.subarray(0, count).equals(wanted.subarray(0, count)))
      for (const byte of memory.subarray(0, count)) if (byte !== value) found.wrongBytes++;
    if (random.chance(0.01)) stream.destroy();
    if (!random.chance(0.05)) return true;
    void pause(random.int(1, 20)).then(() => stream.resume());
    return false;
  };
  if (stream.readInto?.({ nextBuffer: () => memory, filled }) !== true) throw new Error('not taken over');
  stream.write(Buffer.of(value));
}

/** Sends bytes of one value until the other side or `finish` ends the connection. Never rejects. */
export async function give(
  socket: Socket,
  value: number,
  random: SeededRandom,
  finish: () => void,
): Promise<void> {
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  const more = () => {
    if (!socket.writable) return;
    const bytes = Buffer.alloc(random.int(1, WRITE_BYTES_MAX), value);
    socket.write(bytes, (failure) => failure ?? more());
  };
  socket.once('data', more);
  socket.once('connect', () => socket.write(Buffer.of(GIVES, value)));
  await Promise.race([over, pause(random.int(1, GIVER_MS))]);
  finish();
  await over;
}

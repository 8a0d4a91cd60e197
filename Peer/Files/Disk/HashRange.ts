import { createBlake3 } from '../../../Protocol/Blake3.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';

/** Size of the read buffer. */
const READ_BYTES = 1_048_576;

/**
 * Hashes a range of a file.
 * @param read - fills the buffer from a position and returns the number of bytes read, like `DiskFile.read`
 * @returns undefined when the file ends before the range does
 */
export async function hashRange(
  read: (into: Uint8Array, position: number) => Promise<number>,
  position: number,
  length: number,
): Promise<ChunkHash | undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(length, READ_BYTES));
  const hasher = createBlake3();
  for (let at = 0; at < length; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, length - at));
    if ((await read(piece, position + at)) !== piece.length) return undefined;
    hasher.update(piece);
  }
  return hasher.digest() as ChunkHash;
}

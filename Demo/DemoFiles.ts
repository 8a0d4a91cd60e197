import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const MIB = 1_048_576;

/** Size of the demo file in MiB: `asked`, halved until four copies fill at most half of the free disk. */
export async function fittingMebibytes(folder: string, asked: number): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  let size = asked;
  while (size > 8 && size * MIB * 4 > (bavail * bsize) / 2) size = Math.floor(size / 2);
  return size;
}

/** Writes a new file of random bytes. */
export async function writeRandomFile(path: string, mebibytes: number, signal: AbortSignal): Promise<void> {
  const block = Buffer.alloc(4 * MIB);
  const file = await open(path, 'wx');
  try {
    for (let left = mebibytes * MIB; left > 0; left -= block.length) {
      signal.throwIfAborted();
      await file.writeFile(randomFillSync(block).subarray(0, Math.min(left, block.length)));
    }
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file: independent of the hash that the peers use. */
export async function sha256(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: MIB }), hash, { signal });
  return hash.digest('hex');
}

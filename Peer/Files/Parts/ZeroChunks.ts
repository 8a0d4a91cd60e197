import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, hashBytes } from '../../../Protocol/FileId.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';

/** Hashes of zero bytes, by length; a few lengths are common, the last chunks of files are not kept. */
const hashes = new Map<number, ChunkHash>();

/**
 * Chunks of zero bytes only, as sparse files have them. Their content follows from their hash, so that they are neither
 * fetched nor written: a part file has a hole there.
 */
export function zeroChunks({ layout, chunkHashes }: FileDescription): readonly number[] {
  const last = layout.chunkCount - 1;
  const full = hashOfZeros(layout.chunkBytes);
  return [...chunkHashes.keys()].filter((chunk) => {
    const zeros = chunk === last ? hashBytes(new Uint8Array(chunkLength(layout, last))) : full;
    return chunkHashes[chunk] === zeros;
  });
}

function hashOfZeros(bytes: number): ChunkHash {
  const hash = hashes.get(bytes) ?? hashBytes(new Uint8Array(bytes));
  hashes.set(bytes, hash);
  return hash;
}

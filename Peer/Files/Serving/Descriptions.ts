import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, isDescriptionOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';

/** Descriptions kept in memory, because peers request them page by page. 4,096 hashes take about 400 KiB. */
const KEPT_MAX = 8;
const HASH_BYTES = 32;

/** Builds descriptions from cached chunk hashes and verifies them, so that a damaged cache is never served. */
export class Descriptions {
  readonly #kept = new BoundedMap<FileId, FileDescription>(KEPT_MAX);

  /**
   * Returns undefined when the hashes do not match the file id.
   * @param load - returns the concatenated hashes, 32 bytes each
   */
  get(fileId: FileId, size: number, load: () => Uint8Array | undefined): FileDescription | undefined {
    const kept = this.#kept.get(fileId);
    if (kept !== undefined) return kept;
    const chunkHashes = split(load());
    if (!isDescriptionOf(fileId, size, chunkHashes)) return undefined;
    const description = { fileId, layout: chunkLayout(size), chunkHashes };
    this.#kept.set(fileId, description);
    return description;
  }
}

function split(hashes: Uint8Array | undefined): ChunkHash[] {
  if (hashes === undefined) return [];
  const bytes = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, index) => {
    const at = index * HASH_BYTES;
    return bytes.toString('hex', at, at + HASH_BYTES) as ChunkHash;
  });
}

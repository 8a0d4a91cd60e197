import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, isDescriptionOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';

/** Asked for page by page, so the last few are kept; a list of 4,096 hashes takes about 400 KiB. */
const KEPT_MAX = 8;
const HASH_BYTES = 32;

/** Makes descriptions from stored chunk hashes, and checks them: what was damaged in the cache is never handed out. */
export class Descriptions {
  readonly #kept = new Map<FileId, FileDescription>();

  /** Undefined when the hashes are not those of the file. @param load - 32 bytes each, one after the other */
  get(fileId: FileId, size: number, load: () => Uint8Array | undefined): FileDescription | undefined {
    const kept = this.#kept.get(fileId);
    if (kept !== undefined) return kept;
    const chunkHashes = split(load());
    if (!isDescriptionOf(fileId, size, chunkHashes)) return undefined;
    const description = { fileId, layout: chunkLayout(size), chunkHashes };
    this.#kept.set(fileId, description);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
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

import { chunkLength, chunkOffset } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { Part } from '../../Storage.ts';

/** An unfinished older version of a file. */
export interface OlderVersion {
  readonly description: FileDescription;
  /** Chunks that may be there; each is verified. */
  readonly chunks: Iterable<number>;
  /** Fills `into` from a position of the file. @returns the number of bytes */
  read(into: Uint8Array, position: number): Promise<number>;
}

/**
 * Copies the chunks that an unfinished older version has in common with a part, wherever they lie in it.
 * @param mayGoOn - false ends the copy between two chunks
 * @throws ShoalError DISK_FULL, DISK_FAILED, PART_FILE_GONE
 */
export async function reuseChunks(part: Part, older: OlderVersion, mayGoOn: () => boolean): Promise<void> {
  const { layout, chunkHashes } = older.description;
  const missing = new Map<string, number[]>();
  for (const [chunk, hash] of part.description.chunkHashes.entries()) {
    if (part.verified.has(chunk)) continue;
    const chunks = missing.get(hash);
    if (chunks === undefined) missing.set(hash, [chunk]);
    else chunks.push(chunk);
  }
  for (const chunk of older.chunks) {
    const wanted = missing.get(chunkHashes[chunk] ?? '');
    if (wanted === undefined || !mayGoOn()) continue;
    const bytes = Buffer.allocUnsafe(chunkLength(layout, chunk));
    if ((await older.read(bytes, chunkOffset(layout, chunk))) !== bytes.length) continue;
    for (const to of wanted) {
      const writer = part.writer(to);
      try {
        await writer.write(bytes);
        if (!(await writer.finish())) break;
      } catch (failure) {
        writer.abandon();
        throw failure;
      }
    }
    missing.delete(chunkHashes[chunk] ?? '');
  }
}

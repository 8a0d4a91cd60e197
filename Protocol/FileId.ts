import { blake3Of } from './Blake3.ts';
import { type ChunkLayout, chunkLayout } from './ChunkLayout.ts';
import { ByteWriter, uint32, uint53 } from './Codec.ts';
import { type ChunkHash, chunkHash, type FileId } from './Ids.ts';
import { CHUNK_BYTES_MIN } from './Limits.ts';

/** What a file is made of: enough to check every chunk alone. */
export interface FileDescription {
  readonly fileId: FileId;
  readonly layout: ChunkLayout;
  /** One a chunk, in order. */
  readonly chunkHashes: readonly ChunkHash[];
}

const TAG = Buffer.from('shoal-file-v1-blake3', 'ascii');

/** The identity of content: BLAKE3 over the tag, the size (8 bytes), the chunk size (4 bytes), the chunk hashes. */
export function fileIdOf(size: number, chunkHashes: readonly ChunkHash[]): FileId {
  const layout = chunkLayout(size);
  if (chunkHashes.length !== layout.chunkCount) {
    throw new RangeError(`${chunkHashes.length} hashes for ${layout.chunkCount} chunks`);
  }
  const [only] = chunkHashes;
  if (chunkHashes.length === 1 && only !== undefined) return idOfOneChunk(size, layout.chunkBytes, only);
  const out = new ByteWriter(TAG.length + 12 + 32 * chunkHashes.length);
  const { bytes, at } = out.reserve(TAG.length);
  bytes.set(TAG, at);
  uint53.write(out, size);
  uint32.write(out, layout.chunkBytes);
  for (const hash of chunkHashes) chunkHash.write(out, hash);
  return hashBytes(out.finish()) as string as FileId;
}

/** The same for one chunk, as most files have: in memory that is used again. */
function idOfOneChunk(size: number, chunkBytes: number, hash: ChunkHash): FileId {
  oneChunk.writeUInt32BE(Math.floor(size / 2 ** 32), TAG.length);
  oneChunk.writeUInt32BE(size % 2 ** 32, TAG.length + 4);
  oneChunk.writeUInt32BE(chunkBytes, TAG.length + 8);
  if (oneChunk.write(hash, TAG.length + 12, 32, 'hex') !== 32) throw new RangeError(`"${hash}" is no hash`);
  return hashBytes(oneChunk) as string as FileId;
}

const oneChunk = Buffer.concat([TAG, Buffer.alloc(12 + 32)]);

/** BLAKE3 of bytes at once. */
export function hashBytes(bytes: Uint8Array): ChunkHash {
  return blake3Of(bytes) as ChunkHash;
}

/** Whether the hashes are those of the file: checked before any chunk is asked for. */
export function isDescriptionOf(fileId: FileId, size: number, chunkHashes: readonly ChunkHash[]): boolean {
  return chunkHashes.length === chunkLayout(size).chunkCount && fileIdOf(size, chunkHashes) === fileId;
}

/** The identity of a file of one chunk (or none) follows from that chunk's hash: no description is fetched. */
export function isOneChunk(size: number): boolean {
  if (size >= 0 && size <= CHUNK_BYTES_MIN) return true; // Asked of each file of a folder.
  return chunkLayout(size).chunkCount <= 1;
}

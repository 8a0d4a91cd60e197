import { blake3Of } from './Blake3.ts';
import { type ChunkLayout, chunkLayout } from './ChunkLayout.ts';
import { ByteWriter, uint32, uint53 } from './Codec.ts';
import { type ChunkHash, chunkHash, type FileId } from './Ids.ts';
import { CHUNK_BYTES_MIN } from './Limits.ts';

/** The hashes of a file, which verify each chunk by itself. */
export interface FileDescription {
  readonly fileId: FileId;
  readonly layout: ChunkLayout;
  /** One per chunk, in order. */
  readonly chunkHashes: readonly ChunkHash[];
}

const TAG = Buffer.from('shoal-file-v1-blake3', 'ascii');

/** The id of content: BLAKE3 over the tag, the size (8 bytes), the chunk size (4 bytes), the chunk hashes. */
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

/** Fast path for files of one chunk, in a reused buffer. */
function idOfOneChunk(size: number, chunkBytes: number, hash: ChunkHash): FileId {
  oneChunkNumbers.setUint32(0, Math.floor(size / 2 ** 32));
  oneChunkNumbers.setUint32(4, size % 2 ** 32);
  oneChunkNumbers.setUint32(8, chunkBytes);
  if (oneChunk.write(hash, TAG.length + 12, 32, 'hex') !== 32) throw new RangeError(`"${hash}" is no hash`);
  return hashBytes(oneChunk) as string as FileId;
}

const oneChunk = Buffer.concat([TAG, Buffer.alloc(12 + 32)]);
const oneChunkNumbers = new DataView(oneChunk.buffer, oneChunk.byteOffset + TAG.length, 12);

/** BLAKE3 of bytes. */
export function hashBytes(bytes: Uint8Array): ChunkHash {
  return blake3Of(bytes) as ChunkHash;
}

/** Whether these are the hashes of the file. To be checked before any chunk is requested. */
export function isDescriptionOf(fileId: FileId, size: number, chunkHashes: readonly ChunkHash[]): boolean {
  return chunkHashes.length === chunkLayout(size).chunkCount && fileIdOf(size, chunkHashes) === fileId;
}

/** Whether a file has at most one chunk: its content verifies against the id alone, without a description. */
export function isOneChunk(size: number): boolean {
  if (size >= 0 && size <= CHUNK_BYTES_MIN) return true; // Fast path: called for each file of a folder.
  return chunkLayout(size).chunkCount <= 1;
}

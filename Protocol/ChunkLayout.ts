import { ShoalError } from '../Shared/ShoalError.ts';
import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNK_COUNT_AIM, FILE_BYTES_MAX } from './Limits.ts';

/** Division of a file of `size` bytes into chunks. */
export interface ChunkLayout {
  readonly size: number;
  /** Bytes of every chunk except the last. */
  readonly chunkBytes: number;
  /** 0 for an empty file. */
  readonly chunkCount: number;
}

/**
 * The layout for a size: the chunk size is the smallest power of two from 1 MiB to 16 MiB that gives at most 1,024
 * chunks. Above 16 GiB it stays 16 MiB and the count grows.
 * @throws ShoalError BAD_FRAME when no file can have that size
 */
export function chunkLayout(size: number): ChunkLayout {
  if (!Number.isSafeInteger(size) || size < 0 || size > FILE_BYTES_MAX) {
    throw new ShoalError('BAD_FRAME', `a file cannot have ${size} bytes`);
  }
  let chunkBytes = CHUNK_BYTES_MIN;
  while (chunkBytes < CHUNK_BYTES_MAX && size > chunkBytes * CHUNK_COUNT_AIM) chunkBytes *= 2;
  return { size, chunkBytes, chunkCount: Math.ceil(size / chunkBytes) };
}

/** Offset of chunk `index` in the file. */
export function chunkOffset(layout: ChunkLayout, index: number): number {
  return index * layout.chunkBytes;
}

/** Bytes of chunk `index`; only the last may be shorter. @param index - 0-based, below `chunkCount` */
export function chunkLength(layout: ChunkLayout, index: number): number {
  return Math.min(layout.chunkBytes, layout.size - index * layout.chunkBytes);
}

import { fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { type Disk, removeQuietly } from '../Disk/Disk.ts';
import type { FileState } from '../Disk/FileState.ts';

/** Whole small files (one chunk each) that lie one after the other in `bytes`, and where each is to be made. Travels between threads. */
export interface SmallJob {
  readonly bytes: Uint8Array;
  readonly files: readonly SmallTarget[];
}

export interface SmallTarget {
  /** What the bytes have to be; undefined: that was looked at already. */
  readonly fileId: FileId | undefined;
  readonly size: number;
  /** Where it begins in the bytes. */
  readonly offset: number;
  /** Absolute; nothing may be there. */
  readonly to: string;
}

/** What became of one file. A plain value. */
export type SmallWritten =
  /** `hash`: of its only chunk; undefined where nothing had to be verified. */
  | { readonly kind: 'written'; readonly state: FileState; readonly hash: ChunkHash | undefined }
  /** The bytes are not those of this FileId: nothing was made. */
  | { readonly kind: 'wrong' }
  /** Nothing is left of it. */
  | { readonly kind: 'failed'; readonly code: string };

/** What became of a job, and its memory back. */
export interface SmallReply {
  readonly outcomes: readonly SmallWritten[];
  readonly bytes: Uint8Array;
}

/** Hash of the only chunk of a file, if these are its bytes. */
export function provenHash(fileId: FileId, bytes: Uint8Array): ChunkHash | undefined {
  const hash = hashBytes(bytes);
  return fileIdOf(bytes.length, [hash]) === fileId ? hash : undefined;
}

/** Verifies and writes small files; blocks the thread. One outcome a file, in order. */
export function writeSmall(disk: Pick<Disk, 'createWhole' | 'remove'>, job: SmallJob): SmallWritten[] {
  const { buffer, byteOffset } = job.bytes;
  return job.files.map(({ fileId, size, offset, to }) => {
    const bytes = Buffer.from(buffer, byteOffset + offset, size);
    const hash = fileId === undefined ? undefined : provenHash(fileId, bytes);
    if (fileId !== undefined && hash === undefined) return { kind: 'wrong' };
    try {
      return { kind: 'written', state: disk.createWhole(to, bytes), hash };
    } catch (failure) {
      const code = systemCode(failure) ?? 'EIO';
      if (code !== 'EEXIST') removeQuietly(disk, to);
      return { kind: 'failed', code };
    }
  });
}

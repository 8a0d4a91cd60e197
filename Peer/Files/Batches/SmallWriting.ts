import { fileIdOf, hashBytes } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import { type Disk, removeQuietly } from '../Disk/Disk.ts';
import type { FileState } from '../Disk/FileState.ts';

/** A batch of small files (one chunk each) in one buffer, and the path of each. Posted between threads. */
export interface SmallJob {
  readonly bytes: Uint8Array;
  readonly files: readonly SmallTarget[];
}

export interface SmallTarget {
  /** `offset`: of its first byte in the bytes of the job. */
  readonly file: FileAttributes & { readonly fileId: FileId; readonly size: number; readonly offset: number };
  /** Absolute path of a file that must not exist yet. */
  readonly to: string;
}

/** Outcome for one file. A plain value. */
export type SmallWritten =
  /** `hash`: of its only chunk. */
  | { readonly kind: 'written'; readonly state: FileState; readonly hash: ChunkHash }
  /** The bytes do not match the file id; no file was created. */
  | { readonly kind: 'wrong' }
  /** Writing failed; no partial file is left. `code`: system error. */
  | { readonly kind: 'failed'; readonly code: string };

/** Outcomes of a job, one per file, and its bytes. */
export interface SmallReply {
  readonly outcomes: readonly SmallWritten[];
  readonly bytes: Uint8Array;
}

/** Returns the hash of a file's only chunk if the bytes match its id. */
export function provenHash(fileId: FileId, bytes: Uint8Array): ChunkHash | undefined {
  const hash = hashBytes(bytes);
  return fileIdOf(bytes.length, [hash]) === fileId ? hash : undefined;
}

/** Verifies and writes small files, blocking the thread. Returns one outcome per file, in order. */
export function writeSmall(disk: Pick<Disk, 'createWhole' | 'remove'>, job: SmallJob): SmallWritten[] {
  const { buffer, byteOffset } = job.bytes;
  return job.files.map(({ file, to }) => {
    const { fileId, size, offset } = file;
    const bytes = Buffer.from(buffer, byteOffset + offset, size);
    const hash = provenHash(fileId, bytes);
    if (hash === undefined) return { kind: 'wrong' };
    try {
      return { kind: 'written', state: disk.createWhole(to, bytes, file), hash };
    } catch (failure) {
      const code = systemCode(failure) ?? 'EIO';
      if (code !== 'EEXIST') removeQuietly(disk, to);
      return { kind: 'failed', code };
    }
  });
}

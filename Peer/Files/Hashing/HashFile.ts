import { readSync } from 'node:fs';
import { createBlake3 } from '../../../Protocol/Blake3.ts';
import { chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { closeQuietly } from '../Disk/CloseQuietly.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import { openShared, stateOfOpen } from '../Disk/OpenShared.ts';

/** Result of hashing one file. A plain value, because it crosses threads. */
export type HashOutcome = (HashedPart & { readonly fileId: FileId }) | NoHash;

/** Result of hashing a range of chunks. */
export type PartOutcome = HashedPart | NoHash;

interface HashedPart {
  readonly kind: 'hashed';
  readonly state: FileState;
  /** Concatenated chunk hashes, 64 hex digits each: strings are cheap to pass between threads. */
  readonly hashes: string;
}

type NoHash =
  /** The file changed while it was read: the hash is void. */
  { readonly kind: 'changed' } | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** A range of chunks of a file. */
export interface FilePart {
  /** Size of the whole file, in bytes. A file of another size is not hashed. */
  readonly size: number;
  readonly firstChunk: number;
  readonly chunks: number;
}

/**
 * Bytes per read: large enough to make system calls cheap, small enough to be hashed from the core's own cache
 * (docs/Decisions/0007).
 */
const READ_BYTES = 256 * 1_024;
/** Interval of checks that the file is unchanged, in bytes, so that a hash that is void ends early. */
const CHECK_BYTES = 32 * 1_024 * 1_024;

/**
 * Reads a shared file once and hashes its chunks; compares its state before and after. Blocks the thread.
 * @param progress - called with the total of bytes read so far, after each chunk
 */
export function hashFile(
  root: string | undefined,
  path: string,
  progress: (bytes: number) => void,
): HashOutcome {
  return withFileId(hashPart(root, path, undefined, progress));
}

/** Adds the FileId to the outcome of all chunks of a file. */
export function withFileId(outcome: PartOutcome): HashOutcome {
  if (outcome.kind !== 'hashed') return outcome;
  const chunkHashes = (outcome.hashes.match(/.{64}/g) ?? []) as ChunkHash[];
  return { ...outcome, fileId: fileIdOf(outcome.state.size, chunkHashes) };
}

/** Hashes a range of chunks, so that several threads share a large file; undefined: all of them. @see hashFile */
export function hashPart(
  root: string | undefined,
  path: string,
  part: FilePart | undefined,
  progress: (bytes: number) => void,
): PartOutcome {
  try {
    const { fd, state } = openShared(root, path);
    try {
      if (part !== undefined && part.size !== state.size) return { kind: 'changed' };
      return hashOpened(fd, state, part, progress);
    } finally {
      closeQuietly(fd);
    }
  } catch (failure) {
    const code = systemCode(failure) ?? 'EIO';
    return { kind: 'failed', code, reason: failure instanceof Error ? failure.message : String(failure) };
  }
}

function hashOpened(
  fd: number,
  state: FileState,
  part: FilePart | undefined,
  progress: (bytes: number) => void,
): PartOutcome {
  const layout = chunkLayout(state.size);
  const { firstChunk, chunks } = part ?? { firstChunk: 0, chunks: layout.chunkCount };
  let hashes = '';
  const start = firstChunk * layout.chunkBytes;
  let position = start;
  for (let chunk = firstChunk; chunk < firstChunk + chunks; chunk++) {
    const hasher = createBlake3();
    const end = position + chunkLength(layout, chunk);
    while (position < end) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, end - position), position);
      if (count === 0) return { kind: 'changed' };
      hasher.update(buffer.subarray(0, count));
      position += count;
      if (position % CHECK_BYTES === 0 && !sameState(stateOfOpen(fd), state)) return { kind: 'changed' };
    }
    hashes += hasher.digest();
    progress(position - start);
  }
  if (!sameState(stateOfOpen(fd), state)) return { kind: 'changed' };
  return { kind: 'hashed', state, hashes };
}

/** Reused for every file hashed in this thread. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

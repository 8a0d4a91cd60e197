import { closeSync, readSync } from 'node:fs';
import { createBlake3 } from '../../../Protocol/Blake3.ts';
import { chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { systemCode } from '../../../Shared/ShoalError.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import { openShared, stateOfOpen } from '../Disk/OpenShared.ts';

/** What became of hashing one file. A plain value: it travels between threads. */
export type HashOutcome =
  | {
      readonly kind: 'hashed';
      readonly state: FileState;
      readonly fileId: FileId;
      /** The chunk hashes one after the other, 64 hex digits each: text travels cheaply between threads. */
      readonly hashes: string;
    }
  /** It was not the same before and after: the hash is void. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** Some chunks of a file, one behind the other. */
export interface FilePart {
  /** Of the whole file: of another one nothing is hashed. */
  readonly size: number;
  readonly firstChunk: number;
  readonly chunks: number;
}

/** As HashOutcome, of a part. */
export type PartOutcome =
  | { readonly kind: 'hashed'; readonly state: FileState; readonly hashes: string }
  | Exclude<HashOutcome, { readonly kind: 'hashed' }>;

/** Bytes read at a time: large enough that a system call costs little, small enough that they are hashed from the core's own cache (docs/contributing/performance.md). */
const READ_BYTES = 256 * 1_024;
/** Whether the file still is what it was is looked at this often, so that a hopeless hash ends early. */
const LOOK_BYTES = 1_024 * READ_BYTES;

/**
 * Reads a shared file once and hashes its chunks; stat before and after. Blocks the thread.
 * @param progress - told of bytes read, now and then
 */
export function hashFile(
  root: string | undefined,
  path: string,
  progress: (bytes: number) => void,
): HashOutcome {
  const outcome = hashChunks(root, path, undefined, progress);
  if (outcome.kind !== 'hashed') return outcome;
  const { state, hashes } = outcome;
  return { kind: 'hashed', state, fileId: fileIdOf(state.size, hashes), hashes: hashes.join('') };
}

/** The same for some chunks of a file: a large one is shared out among threads. */
export function hashPart(
  root: string | undefined,
  path: string,
  part: FilePart,
  progress: (bytes: number) => void,
): PartOutcome {
  const outcome = hashChunks(root, path, part, progress);
  return outcome.kind === 'hashed' ? { ...outcome, hashes: outcome.hashes.join('') } : outcome;
}

type ChunksOutcome =
  | { readonly kind: 'hashed'; readonly state: FileState; readonly hashes: readonly ChunkHash[] }
  | Exclude<HashOutcome, { readonly kind: 'hashed' }>;

function hashChunks(
  root: string | undefined,
  path: string,
  part: FilePart | undefined,
  progress: (bytes: number) => void,
): ChunksOutcome {
  try {
    const { fd, state } = openShared(root, path);
    try {
      if (part !== undefined && part.size !== state.size) return { kind: 'changed' };
      return hashOpened(fd, state, part, progress);
    } finally {
      closeSync(fd);
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
): ChunksOutcome {
  const layout = chunkLayout(state.size);
  const { firstChunk, chunks } = part ?? { firstChunk: 0, chunks: layout.chunkCount };
  const hashes: ChunkHash[] = [];
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
      if (position % LOOK_BYTES === 0 && !sameState(stateOfOpen(fd), state)) return { kind: 'changed' };
    }
    hashes.push(hasher.digest() as ChunkHash);
    progress(position - start);
  }
  if (!sameState(stateOfOpen(fd), state)) return { kind: 'changed' };
  return { kind: 'hashed', state, hashes };
}

/** Used again for every file of this thread. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

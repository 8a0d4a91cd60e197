import { closeSync, readSync } from 'node:fs';
import { createBlake3 } from '../../Protocol/Blake3.ts';
import { chunkLayout, chunkLength } from '../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../Protocol/Ids.ts';
import { systemCode } from '../../Shared/ShoalError.ts';
import { type FileState, sameState } from './FileState.ts';
import { openShared, stateOfOpen } from './OpenShared.ts';

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

/** Bytes read at a time: large enough that a system call costs little, small enough that they are hashed from the core's own cache (docs/Performance.md). */
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
  try {
    const { fd, state } = openShared(root, path);
    try {
      return hashOpened(fd, state, progress);
    } finally {
      closeSync(fd);
    }
  } catch (failure) {
    const code = systemCode(failure) ?? 'EIO';
    return { kind: 'failed', code, reason: failure instanceof Error ? failure.message : String(failure) };
  }
}

function hashOpened(fd: number, state: FileState, progress: (bytes: number) => void): HashOutcome {
  const layout = chunkLayout(state.size);
  const hashes: ChunkHash[] = [];
  let position = 0;
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
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
    progress(position);
  }
  if (!sameState(stateOfOpen(fd), state)) return { kind: 'changed' };
  return { kind: 'hashed', state, fileId: fileIdOf(state.size, hashes), hashes: hashes.join('') };
}

/** Used again for every file of this thread. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

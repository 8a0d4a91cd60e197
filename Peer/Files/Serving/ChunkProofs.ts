import { createBlake3 } from '../../../Protocol/Blake3.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import { readFully } from '../Disk/NodeDisk.ts';
import { stateOfOpen } from '../Disk/OpenShared.ts';

/** Position and hash of one chunk of a file. */
export interface ChunkCheck {
  readonly position: number;
  readonly bytes: number;
  readonly hash: ChunkHash;
}

/** Upper bound on files with remembered proofs. */
const FILES_MAX = 64;
const READ_BYTES = 1_048_576;

/**
 * Proves chunks of files whose ctime alone has changed since they were hashed, as by a hard link or new permissions.
 * Such a file is hashed again. Until then each requested chunk is read and verified by itself, so that downloads do
 * not stall.
 */
export class ChunkProofs {
  /** By path, oldest first. */
  readonly #proven = new Map<string, { readonly state: FileState; readonly positions: Set<number> }>();

  /** Whether the open file, still in this state, contains the chunk. Reads a chunk once per state. */
  async holds(path: string, fd: number, state: FileState, check: ChunkCheck): Promise<boolean> {
    const known = this.#proven.get(path);
    const isKnown = known !== undefined && sameState(known.state, state);
    if (isKnown && known.positions.has(check.position)) return true;
    if (!(await hasChunk(fd, check)) || !sameState(stateOfOpen(fd), state)) return false;
    if (isKnown) known.positions.add(check.position);
    else this.#keep(path, state, check.position);
    return true;
  }

  #keep(path: string, state: FileState, position: number): void {
    this.#proven.delete(path);
    this.#proven.set(path, { state, positions: new Set([position]) });
    const [oldest] = this.#proven.keys();
    if (this.#proven.size > FILES_MAX && oldest !== undefined) this.#proven.delete(oldest);
  }
}

async function hasChunk(fd: number, { position, bytes, hash }: ChunkCheck): Promise<boolean> {
  const buffer = Buffer.allocUnsafe(Math.min(bytes, READ_BYTES));
  const hasher = createBlake3();
  for (let at = 0; at < bytes; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, bytes - at));
    if ((await readFully(fd, piece, position + at)) !== piece.length) return false;
    hasher.update(piece);
  }
  return hasher.digest() === hash;
}

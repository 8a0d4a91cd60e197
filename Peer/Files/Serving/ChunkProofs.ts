import type { ChunkHash } from '../../../Protocol/Ids.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import { hashRange } from '../Disk/HashRange.ts';
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
    const read = (into: Uint8Array, position: number) => readFully(fd, into, position);
    const hash = await hashRange(read, check.position, check.bytes);
    if (hash !== check.hash || !sameState(stateOfOpen(fd), state)) return false;
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

import type { ChunkHash } from '../../../Protocol/Ids.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
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
  /** By path. */
  readonly #proven = new BoundedMap<string, { readonly state: FileState; readonly positions: Set<number> }>(
    FILES_MAX,
  );

  /** Whether the open file, still in this state, contains the chunk. Reads a chunk once per state. */
  async holds(path: string, fd: number, state: FileState, check: ChunkCheck): Promise<boolean> {
    const known = this.#proven.get(path);
    const isKnown = known !== undefined && sameState(known.state, state);
    if (isKnown && known.positions.has(check.position)) return true;
    const read = (into: Uint8Array, position: number) => readFully(fd, into, position);
    const hash = await hashRange(read, check.position, check.bytes);
    if (hash !== check.hash || !sameState(stateOfOpen(fd), state)) return false;
    if (isKnown) known.positions.add(check.position);
    else this.#proven.set(path, { state, positions: new Set([check.position]) });
    return true;
  }
}

import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { KnownContact } from '../../Model.ts';
import type { LinkedPeer } from './Link/LinkedPeer.ts';

/** Chunks of a file at a linked peer, and their growth in bytes per second. */
export interface SwarmProgress {
  readonly peer: KnownContact;
  readonly have: Bitfield | 'all';
  readonly bytesPerSecond: number;
}

/** Views of all linked peers that announced chunks of a file. @param size - of the file; 0: unknown */
export function swarmProgress(peers: readonly LinkedPeer[], fileId: FileId, size: number): SwarmProgress[] {
  const { chunkBytes } = chunkLayout(size);
  return peers.flatMap((linked) => {
    const seen = linked.progressOf(fileId);
    if (seen === undefined) return [];
    return [{ peer: linked.contact, have: seen.have, bytesPerSecond: seen.chunksPerSecond * chunkBytes }];
  });
}

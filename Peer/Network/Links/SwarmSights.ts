import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { KnownContact, LinkedPeer } from './LinkedPeer.ts';

/** What a linked peer has of a file, and by how many bytes a second that grows. */
export interface SwarmSight {
  readonly peer: KnownContact;
  readonly have: Bitfield | 'all';
  readonly bytesPerSecond: number;
}

/** Of those who told. @param size - of the file; 0: not known */
export function swarmSights(peers: readonly LinkedPeer[], fileId: FileId, size: number): SwarmSight[] {
  const { chunkBytes } = chunkLayout(size);
  return peers.flatMap((linked) => {
    const seen = linked.seen(fileId);
    if (seen === undefined) return [];
    return [{ peer: linked.contact, have: seen.have, bytesPerSecond: seen.chunksPerSecond * chunkBytes }];
  });
}

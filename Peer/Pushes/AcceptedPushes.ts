import type { FileId, PeerId } from '../../Protocol/Ids.ts';

/** Files that one peer may push to us at once. */
const PER_PEER_MAX = 64;
/** Files that all peers may push at once: each is a running or queued download. */
const ALL_MAX = 1_024;

/** Accepted pushes to us, until their downloads end. */
export class AcceptedPushes {
  readonly #peersOf = new Map<FileId, Set<PeerId>>();

  has(peerId: PeerId, fileId: FileId): boolean {
    return this.#peersOf.get(fileId)?.has(peerId) === true;
  }

  /** Whether a peer may push one more file. */
  hasRoom(peerId: PeerId): boolean {
    let all = 0;
    let ofPeer = 0;
    for (const peers of this.#peersOf.values()) {
      all += peers.size;
      if (peers.has(peerId)) ofPeer++;
    }
    return ofPeer < PER_PEER_MAX && all < ALL_MAX;
  }

  add(peerId: PeerId, fileId: FileId): void {
    const peers = this.#peersOf.get(fileId);
    if (peers === undefined) this.#peersOf.set(fileId, new Set([peerId]));
    else peers.add(peerId);
  }

  /** Ends the pushes of a file. @returns the peers that pushed it */
  take(fileId: FileId): readonly PeerId[] {
    const peers = [...(this.#peersOf.get(fileId) ?? [])];
    this.#peersOf.delete(fileId);
    return peers;
  }
}

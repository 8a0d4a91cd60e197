import type { FileId, PeerId } from '../../Protocol/Ids.ts';

/** Files that one peer may push to us at once. */
const PER_PEER_MAX = 64;
/** In all: each is a download, running or waiting for its turn. */
const ALL_MAX = 1_024;

/** Who pushes which file to us, from the yes to the end of the download. */
export class AcceptedPushes {
  readonly #peersOf = new Map<FileId, Set<PeerId>>();

  has(peerId: PeerId, fileId: FileId): boolean {
    return this.#peersOf.get(fileId)?.has(peerId) === true;
  }

  /** Whether that peer may push one more file. */
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

  /** The download of a file has ended. @returns who pushed it */
  take(fileId: FileId): readonly PeerId[] {
    const peers = [...(this.#peersOf.get(fileId) ?? [])];
    this.#peersOf.delete(fileId);
    return peers;
  }
}

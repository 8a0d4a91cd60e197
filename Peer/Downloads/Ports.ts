import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import type { FileHolder, PeerContact } from '../Model.ts';
import type { Source, SourceEvents } from '../Transfer.ts';

/** The network as downloads see it. `NetworkManager` implements it. Types only; the disk is `Peer/Storage.ts`. */

/** Files outside the share, at the place to which complete files are moved afterwards. */
export interface Delivered {
  /** Finds the content at its wanted path there. @returns its absolute path */
  find(fileId: FileId, size: number, path: string): Promise<string | undefined>;
}

/** Chunks of this peer, whether of the share or of unfinished files. */
export interface LocalChunks {
  /** Verified chunks; undefined: none. */
  holdings(fileId: FileId): Bitfield | 'all' | undefined;
  /** Verified size of a file that is here in part or whole. */
  sizeOf(fileId: FileId): number | undefined;
  /** Fills `into` from a verified chunk. @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED, PART_FILE_GONE */
  read(fileId: FileId, chunk: number, offset: number, into: Uint8Array): Promise<void>;
}

export interface SourceNetwork {
  readonly queries: { locate(fileId: FileId, signal: AbortSignal): Promise<readonly FileHolder[]> };
  /**
   * Opens a source: a control link to the peer (new or shared), interest in the file, and a lane once chunks are
   * requested. Resolves when the peer has sent its holdings of the file.
   * @param known - `complete`: a listing says that the peer has the whole file. The source then resolves as soon
   * as the link is up, `have` stays undefined, and a missing file is `rejected` as not-found. Ignoring it is slow,
   * not wrong.
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, NOT_FOUND (the peer has no chunk of it), CANCELLED
   */
  openSource(
    contact: PeerContact,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known?: 'complete',
  ): Promise<Source>;
  /** Probes a peer with pending requests that is silent. Its link ends within seconds when it does not answer. */
  probe?(contact: PeerContact): void;
  /** Whether a tracker is responding. Left out: yes. */
  hasTracker?(): boolean;
  /** Own download limit for a peer, in bytes per second, when it delays data now. */
  limitFor?(contact: PeerContact): number | undefined;
  /**
   * Opens a peer as a source of bundles of small files. Resolves as soon as the link is up.
   * @param bundles - those that the peer has, by its listing and minus those it refused; becomes `have` of the source
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED
   */
  openBundles(
    contact: PeerContact,
    bundles: Bitfield,
    events: SourceEvents,
    signal: AbortSignal,
  ): Promise<Source>;
}

import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../Protocol/FileId.ts';
import type { FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import type { RelayedFile, RelayQuestion } from '../../Protocol/RelayMessages.ts';
import type { PublishedEntry } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Address.ts';
import type { CatalogEntry } from '../Model.ts';

/** What the network wants from the disk (FileManager) and from main.ts. */

/** What we serve to other peers. */
export interface ChunkProvider {
  /** What we have of a file: 'all', the chunks of an unfinished one (live), or undefined: nothing. */
  holdings(fileId: FileId): Bitfield | 'all' | undefined;
  /** Size of a file we have (part of). */
  sizeOf(fileId: FileId): number | undefined;
  /** A path for people, of a file we have (part of). */
  pathOf(fileId: FileId): string | undefined;
  /** @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED */
  describe(fileId: FileId): Promise<FileDescription>;
  /**
   * Fills `into` with bytes of a chunk, from `offset` within it. Only of files that are unchanged since they were hashed.
   * @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED
   */
  read(fileId: FileId, chunk: number, offset: number, into: Uint8Array): Promise<void>;
  /**
   * Bytes of a complete file of that size, from `offset`, like `read` but at once. False when that cannot be: `read` may, or says why.
   * Left out: there is only `read`.
   */
  readNow?(fileId: FileId, size: number, offset: number, into: Uint8Array): boolean;
  /** Complete files below a folder ("" = all), ordered by path. The order is stable while the catalog version is. */
  list(folder: string): readonly CatalogEntry[];
}

/** What is published at the tracker. */
export interface CatalogFeed {
  /** Grows with every change; 0: nothing was ever shared. */
  readonly version: number;
  readonly files: number;
  readonly bytes: number;
  /** Everything: complete files, and running downloads as partial. */
  entries(): readonly PublishedEntry[];
  /** The difference from an earlier version; undefined when too old: publish everything. */
  changesSince(version: number): readonly PublishedEntry[] | undefined;
  /** Files that answer a relayed question, the best first, running downloads too; at most SEARCH_HITS_PER_PEER_MAX. */
  matching(question: RelayQuestion): readonly RelayedFile[];
}

/** Places that answered once, kept between runs. Written by main.ts's state folder; bad content reads as empty. */
export interface RememberedPlaces {
  load(): Promise<{
    readonly trackers: readonly Address[];
    readonly peers: readonly { peerId: PeerId; address: Address }[];
  }>;
  save(places: {
    trackers: readonly Address[];
    peers: readonly { peerId: PeerId; address: Address }[];
  }): Promise<void>;
}

/** A tracker inside this peer. */
export interface EmbeddedTracker {
  readonly local: Address;
  readonly instanceId: InstanceId;
  /** Peers it knows, for choosing a successor: oldest first, without us. */
  announceSuccessor(address: Address): void;
  close(): Promise<void>;
}

/** Starts a tracker inside this process on a UDP port. @throws ShoalError PORT_IN_USE */
export type StartTracker = (port: number) => Promise<EmbeddedTracker>;

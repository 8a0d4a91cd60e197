import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../Protocol/FileId.ts';
import type { FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import type { RelayedFile, RelayQuestion } from '../../Protocol/RelayMessages.ts';
import type { PublishedEntry } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { CatalogEntry } from '../Model.ts';
import type { SendPath } from '../NetworkModel.ts';
import type { LentFile } from '../Transfer.ts';
import type { FileRun } from './Sendfile/Sendfile.ts';

export type { Incoming } from './Links/Accepting/Opening.ts';
export type { OpenConnection, ProvenStream, SecureTransport } from './Links/Accepting/Secure.ts';

/** Ports of the network: its needs from the disk side (FileManager) and from main.ts. */

/** Serves the chunks of our files. */
export interface ChunkProvider {
  /** Our chunks of a file: 'all'; the live bitfield of an unfinished one; undefined: none. */
  holdings(fileId: FileId): Bitfield | 'all' | undefined;
  /** Size of a file that is here in part or whole. */
  sizeOf(fileId: FileId): number | undefined;
  /** Display path of a file that is here in part or whole. */
  pathOf(fileId: FileId): string | undefined;
  /** @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED */
  describe(fileId: FileId): Promise<FileDescription>;
  /**
   * Fills `into` with bytes of a chunk, from `offset` within it. Only from files unchanged since they were hashed.
   * @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED
   */
  read(fileId: FileId, chunk: number, offset: number, into: Uint8Array): Promise<void>;
  /**
   * Lends the open file with bytes of a chunk, to be sent without a copy. Undefined: use `read`, which may succeed or
   * gives the reason.
   */
  lend?(fileId: FileId, chunk: number, offset: number, bytes: number): LentFile | undefined;
  /** Synchronous `read` of a complete file of that size. False: use `read`, which may succeed or gives the reason. */
  readNow?(fileId: FileId, size: number, offset: number, into: Uint8Array): boolean;
  /** Verifies a chunk that a receiver reported as corrupt. A damaged file is withdrawn. At most one at a time. */
  recheck?(fileId: FileId, chunk: number): Promise<void>;
  /** Complete files below a folder ("" = all), ordered by path. The order is stable while the catalog version is. */
  list(folder: string): readonly CatalogEntry[];
  /** Folders below a folder, as entries of a listing (ListedFile). Absent: none are listed. */
  folders?(folder: string): readonly CatalogEntry[];
}

/** The end of a job of the pump. */
export interface PumpOutcome {
  /** Bytes of the file that the system accepted. */
  readonly sent: number;
  /** False: the connection is to be closed, its bytes end anywhere. */
  readonly complete: boolean;
}

/** Sends ranges of files to sockets without copying them through this process. */
export interface FilePump {
  readonly state: SendPath;
  /** Whether it takes jobs at present. The first call starts its thread, which takes jobs from then on. */
  begin(): boolean;
  /** A number for a connection. Its jobs run in the order of `send`. */
  newLine(): number;
  /**
   * Sends pieces of a file, each behind its header. Nothing else may be written to the socket meanwhile, nor be
   * buffered by Node before. Both descriptors may be closed after the call.
   * @returns undefined when files cannot be sent this way at present
   */
  send(line: number, socket: number, file: number, run: FileRun): Promise<PumpOutcome> | undefined;
  /** Ends all jobs of a connection, which gets no further ones. */
  cancel(line: number): void;
  /** Ends all jobs, and resolves when the thread of the pump is gone. */
  close(): Promise<void>;
}

/** The catalog published at the tracker. */
export interface CatalogFeed {
  /** Grows with every change; 0: nothing was ever shared. */
  readonly version: number;
  readonly files: number;
  readonly bytes: number;
  /** All complete files, and running downloads as partial. */
  entries(): readonly PublishedEntry[];
  /** The difference from an earlier version; undefined: too old, publish everything. */
  changesSince(version: number, until?: number): readonly PublishedEntry[] | undefined;
  /**
   * Files that match a relayed question, running downloads included, best match first; at most
   * SEARCH_HITS_PER_PEER_MAX.
   */
  matching(question: RelayQuestion): readonly RelayedFile[];
}

/** Addresses that answered once, kept between runs. Damaged content reads as empty. */
export interface ContactStore {
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
  /** Announces the tracker that takes over. */
  announceSuccessor(address: Address): void;
  close(): Promise<void>;
}

/** Starts a tracker inside this process on a UDP port. @throws ShoalError PORT_IN_USE */
export type StartTracker = (port: number) => Promise<EmbeddedTracker>;

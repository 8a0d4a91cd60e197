import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { BundledFile } from '../../../Protocol/Bundle.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import type { ChunkWriter } from '../../Transfer.ts';
import type { PickOrder } from '../Model.ts';
import type { ReadWindows } from '../Picking/ReadWindows.ts';
import type { Units } from '../Picking/Units.ts';

/** Content fetched in units: one file in chunks, or the small files of a folder in bundles. */
export interface UnitWork {
  /** As SourcedContent.name. */
  readonly name: string;
  readonly units: Units;
  /** Units that are complete already. Read once. */
  readonly verified: Bitfield;
  readonly order: PickOrder;
  /** Readers of the growing file. */
  readonly readers?: ReadWindows | undefined;
  /** Fetches only what readers need. */
  readonly onlyRead?: boolean | undefined;
  /** Alternates with large work at each peer. */
  readonly small: boolean;
  /** Sources with a part of it are leechers, which serve many peers: requests wait for their turns. */
  readonly swarms: boolean;
  /** Upper bound on open requests, where their bytes stay in memory. Default: none. */
  readonly requestsMax?: () => number;
  writer(unit: number, peerId: PeerId): UnitWriter;
  /**
   * Handles a unit that a source does not have (any more): its holdings exclude the unit from now on. Absent: the
   * source has nothing of the work.
   */
  refused?(unit: number, peerId: PeerId, code: RefusalCode): void;
}

/** The writer of one request. A bundle may be right in part. */
export interface UnitWriter extends ChunkWriter {
  /** Files to request. Absent: a chunk. */
  readonly bundle?: readonly BundledFile[];
  /** Outcome of a bundle, once `finish` has resolved. Absent: all of a chunk, or nothing. */
  readonly delivery?: Delivery | undefined;
}

export interface Delivery {
  /** Bytes of whole files that were right. */
  readonly rightBytes: number;
  /** Bytes of corrupt files, and of those that another source delivered first. */
  readonly wastedBytes: number;
  /** Every file of the unit is complete, from this source or another one. */
  readonly whole: boolean;
}

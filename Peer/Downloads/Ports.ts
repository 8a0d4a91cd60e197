import type { FileId } from '../../Protocol/Ids.ts';
import type { FileHolder, PeerContact } from '../Model.ts';
import type { BundleSource, Source, SourceEvents } from '../Transfer.ts';

/** The network as downloads see it. `NetworkManager` implements it. Types only; the disk is `Peer/Storage.ts`. */

export interface SourceNetwork {
  /** Holders that the trackers know now, partial ones too; empty when none, or when no tracker answers. Never us. */
  readonly queries: { locate(fileId: FileId, signal: AbortSignal): Promise<readonly FileHolder[]> };
  /**
   * Opens a source: a control link to the peer (a new or the existing one), interest in the file, a lane when chunks
   * are asked. Resolves when the peer has said what it has of the file.
   * @param known - `complete`: somebody (its listing) said that it has all of it. Nothing is declared or awaited for the file
   * then: resolves as soon as the link is up, `have` stays undefined, and what it lacks after all is `rejected` as not-found. A
   * folder opens and closes thousands of such sources a second: it must be cheap while the link is up. Ignoring it is slow, not wrong.
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, NOT_FOUND (it has nothing of it), CANCELLED
   */
  openSource(
    contact: PeerContact,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known?: 'complete',
  ): Promise<Source>;
  /** A peer that owes us something is quiet: its link ends within seconds if it is not there any more. */
  probe?(contact: PeerContact): void;
  /** Whether a tracker answers now. Left out: one does. */
  hasTracker?(): boolean;
  /** Our limit for bytes from that peer, when it makes them wait now. */
  limitFor?(contact: PeerContact): number | undefined;
  /**
   * Opens a peer as a source of many small files that it listed. Resolves as soon as the link is up; undefined: the peer does not know
   * bundles, each file is asked for by itself. Left out: nobody does. @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED
   */
  openBundles?(
    contact: PeerContact,
    events: Omit<SourceEvents, 'haveChanged'>,
    signal: AbortSignal,
  ): Promise<BundleSource | undefined>;
}

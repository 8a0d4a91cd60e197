import type { networkInterfaces } from 'node:os';
import type { PeerId } from '../../../Protocol/Ids.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { LookupName } from '../../../Shared/Network/NameLookup.ts';
import type { BindDatagram } from '../../../Shared/Network/Transport.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { TrackerPlace } from '../../Model.ts';
import type { OpenDnsSd } from '../Discovery/DnsSdService.ts';
import type { ContactStore, StartTracker } from '../Ports.ts';
import type { SharedSessionOptions } from './Session/SessionTypes.ts';

export interface TrackersOptions extends SharedSessionOptions {
  /** From --tracker and SHOAL_TRACKER; hosts may be names. Empty: use discovery. */
  readonly configured: readonly Address[];
  /** False: use configured trackers only (--no-discovery, SHOAL_DISCOVERY=off). */
  readonly discovery: boolean;
  readonly remembered: ContactStore;
  readonly bind: BindDatagram;
  /** os.networkInterfaces, read before each broadcast. */
  readonly interfaces: typeof networkInterfaces;
  readonly lookup: LookupName;
  readonly startTracker: StartTracker;
  /** Undefined: no DNS-SD. */
  readonly dnsSd: OpenDnsSd | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TrackersEvents {
  /** A tracker answered a heartbeat, for the first time or after a loss. */
  trackerFound: [tracker: TrackerPlace];
  /** A tracker stopped answering or never answered. Emitted once per loss; retries continue. */
  trackerLost: [tracker: TrackerPlace, reason: ShoalError];
  /** A tracker is about to close and named a successor: a tracker, or a peer that will run one. */
  moved: [from: Address, to: Address];
  /** Discovery found no tracker, so this peer runs one. */
  embedded: [tracker: Address];
  /** A registered peer that cannot dial us asks to be dialled, at the address that the tracker observes. */
  called: [peerId: PeerId, address: Address];
  /** DNS-SD announced a peer: an unverified address to dial. */
  peerSeen: [peer: Address];
}

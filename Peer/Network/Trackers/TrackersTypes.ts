import type { networkInterfaces } from 'node:os';
import type { Address } from '../../../Shared/Address.ts';
import type { Clock, Random } from '../../../Shared/Clock.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { BindDatagram } from '../../../Shared/Transport.ts';
import type { Self } from '../../Model.ts';
import type { OpenDnsSd } from '../Discovery/DnsSdService.ts';
import type { CatalogFeed, ContactStore, StartTracker } from '../Ports.ts';

export interface TrackersOptions {
  readonly self: Self;
  /** From --tracker and SHOAL_TRACKER; hosts may be names. Empty: discovery. */
  readonly configured: readonly Address[];
  /** False: only the configured ones (--no-discovery, SHOAL_DISCOVERY=off). */
  readonly discovery: boolean;
  readonly feed: CatalogFeed;
  /** Publish nothing; answer relayed questions instead. */
  readonly unlisted?: boolean;
  readonly remembered: ContactStore;
  readonly bind: BindDatagram;
  /** os.networkInterfaces, asked again before each broadcast. */
  readonly interfaces: typeof networkInterfaces;
  /** Numeric address of a name, as dns.promises.lookup(host, 4) gives it. */
  readonly lookup: (host: string) => Promise<string>;
  readonly startTracker: StartTracker;
  /** Undefined: no DNS-SD. */
  readonly dnsSd: OpenDnsSd | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Uploads running now. */
  readonly uploads: () => number;
}

export interface TrackersEvents {
  /** A tracker answered a heartbeat, for the first time or again. */
  trackerFound: [tracker: Address];
  /** It no longer answers, or never did; it is asked on. Once per loss. */
  trackerLost: [tracker: Address, reason: ShoalError];
  /** A tracker is about to close and named another, or the peer that will run one. */
  moved: [from: Address, to: Address];
  /** None was found, so this peer runs one now. */
  embedded: [tracker: Address];
  /** Somebody announced a peer by DNS-SD: an address to dial, nothing more is known. */
  peerSeen: [peer: Address];
}

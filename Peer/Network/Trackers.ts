import { EventEmitter } from 'node:events';
import type { networkInterfaces } from 'node:os';
import type { FileId } from '../../Protocol/Ids.ts';
import type { Address } from '../../Shared/Address.ts';
import type { Clock, Random } from '../../Shared/Clock.ts';
import type { Log } from '../../Shared/Log.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { BindDatagram } from '../../Shared/Transport.ts';
import type { FileHolder, PeerSummary, SearchResult, Self, TrackerStatus } from '../Model.ts';
import type { OpenDnsSd } from './DnsSdService.ts';
import type { CatalogFeed, RememberedPlaces, StartTracker } from './Wanted.ts';

export interface TrackersOptions {
  readonly self: Self;
  /** From --tracker and SHOAL_TRACKER; hosts may be names. Empty: discovery. */
  readonly configured: readonly Address[];
  /** False: only the configured ones (--no-discovery, SHOAL_DISCOVERY=off). */
  readonly discovery: boolean;
  readonly feed: CatalogFeed;
  readonly remembered: RememberedPlaces;
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

/** All trackers of this peer: found, kept, told what we share, and asked. */
export class Trackers extends EventEmitter<TrackersEvents> {
  readonly #options: TrackersOptions;

  constructor(options: TrackersOptions) {
    super();
    this.#options = options;
  }

  /** Binds the socket and begins; does not wait for any tracker. @throws ShoalError from `bind` */
  start(): Promise<void> {
    return Promise.reject(new ShoalError('CLOSED', `not built yet: ${this.#options.self.name}`));
  }

  /** Says goodbye to all trackers, at most some 300 ms long; safe to call twice and during start. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The feed has a new version: published soon (changes of some 75 ms go together). */
  catalogChanged(): void {}

  status(): readonly TrackerStatus[] {
    return [];
  }

  /** What each rung of the discovery ladder came to, one line each; safe to print. */
  ladder(): readonly string[] {
    return [];
  }

  /** True: a tracker is connected. Waits until one is and holds our catalog, at most `maxMs`. */
  ready(_maxMs: number): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** All pages of all connected trackers, merged by content, without us. `trackers` 0: none answered. @throws ShoalError REFUSED, CANCELLED */
  search(_words: string, _signal: AbortSignal): Promise<SearchResult> {
    return Promise.resolve({ hits: [], truncated: false, trackers: 0 });
  }

  /** Holders of one content, partial ones too, without us; empty when no tracker answers. @throws ShoalError CANCELLED */
  locate(_fileId: FileId, _signal: AbortSignal): Promise<readonly FileHolder[]> {
    return Promise.resolve([]);
  }

  /** Peers that share something below that folder. @throws ShoalError CANCELLED */
  folderHolders(_path: string, _signal: AbortSignal): Promise<readonly PeerSummary[]> {
    return Promise.resolve([]);
  }

  /** Everybody registered, without us; `linked` is always false. @throws ShoalError NO_TRACKER, CANCELLED */
  peers(_signal: AbortSignal): Promise<readonly PeerSummary[]> {
    return Promise.resolve([]);
  }
}

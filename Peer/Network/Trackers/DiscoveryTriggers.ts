import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import type { Self } from '../../Model.ts';
import type { TrackerDiscovery } from '../Discovery/TrackerDiscovery.ts';
import type { PooledTracker } from './PooledTracker.ts';
import type { LinkEvent } from './Session/TrackerLink.ts';
import { namesUs } from './TrackerChoice.ts';
import type { TrackerPool } from './TrackerPool.ts';

export interface DiscoveryTriggersOptions {
  readonly self: Pick<Self, 'port'>;
  readonly pool: TrackerPool;
  readonly trackerDiscovery: TrackerDiscovery;
  /** Whether a host is this computer. */
  readonly isOurs: (host: string) => boolean;
  /** Called once per successor that a closing tracker names. */
  readonly moved: (from: Address, to: Address) => void;
}

/** Resumes discovery when no tracker is left, the last one is slow, or a closing one names its successor. */
export class DiscoveryTriggers {
  readonly #options: DiscoveryTriggersOptions;

  constructor(options: DiscoveryTriggersOptions) {
    this.#options = options;
  }

  onLinkEvent(tracker: PooledTracker, event: LinkEvent): void {
    const { pool, trackerDiscovery } = this.#options;
    if (event.kind === 'moved') this.#moved(tracker, event);
    const left = pool.staying();
    if (event.kind === 'lost' && left.length === 0) {
      trackerDiscovery.dispatch((discovery, nowMs) => discovery.allLost(event.sinceMs, nowMs));
    }
    if (event.kind === 'suspected' && left.length <= 1) {
      trackerDiscovery.dispatch((discovery, nowMs) => discovery.suspected(nowMs));
    }
  }

  #moved(tracker: PooledTracker, event: Extract<LinkEvent, { kind: 'moved' }>): void {
    const { self, pool, trackerDiscovery, isOurs, moved } = this.#options;
    if (tracker.foundBy === 'embedded') return;
    const { address, session } = tracker.link;
    const { alive } = session.standing;
    if (alive?.cluster !== undefined) return; // The pool knows its other trackers.
    const successor = event.onTrackerHost
      ? { host: address.host, port: event.successor.port }
      : event.successor;
    const place = formatAddress(successor);
    if (place === formatAddress(address)) this.#keep(tracker);
    if (place === formatAddress(address) || place === tracker.successor) return;
    tracker.successor = place;
    moved(address, successor);
    const next = pool.get(successor);
    if (next?.link.session.standing.state === 'connected') this.#keep(next);
    if (pool.staying().length > 0) return;
    const us = { port: self.port, observed: alive?.observed, isOurs };
    const named = namesUs(event.successor, event.onTrackerHost, us);
    trackerDiscovery.dispatch((discovery, nowMs) => discovery.moved(successor, named, nowMs));
  }

  /** Clears the closing state of a tracker that stays after all. */
  #keep(tracker: PooledTracker): void {
    tracker.successor = undefined;
    this.#options.trackerDiscovery.dispatch((discovery) => discovery.connected());
  }
}

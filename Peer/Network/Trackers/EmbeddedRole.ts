import type { Log } from '../../../Shared/Log.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { within } from '../../../Shared/Time/Within.ts';
import type { DiscoveryStep } from '../../NetworkModel.ts';
import type { TrackerDiscovery } from '../Discovery/TrackerDiscovery.ts';
import type { StartTracker } from '../Ports.ts';
import { EmbeddedHost } from './EmbeddedHost.ts';
import type { Viewpoint } from './MergeAnswers.ts';
import type { PooledTracker } from './PooledTracker.ts';
import { betterThanOwn, chooseSuccessor, RETIRE_MS } from './TrackerChoice.ts';
import type { TrackerPool } from './TrackerPool.ts';
import { TrackerQueries } from './TrackerQueries.ts';

/** Upper bound on listing the embedded tracker's peers at shutdown. */
const LIST_PEERS_MS = 100;

export interface EmbeddedRoleOptions {
  readonly startTracker: StartTracker;
  readonly pool: TrackerPool;
  readonly trackerDiscovery: TrackerDiscovery;
  readonly viewpoint: () => Viewpoint;
  readonly noTracker: (cause: ShoalError | undefined) => ShoalError;
  readonly clock: Clock;
  readonly log: Log;
  readonly started: (address: Address) => void;
}

/** Runs a tracker for the network while no older one exists, and hands the role over. */
export class EmbeddedRole {
  readonly #options: EmbeddedRoleOptions;
  readonly #host: EmbeddedHost;
  #retiringTo: string | undefined;
  #cancelRetiring: () => void = () => {};
  #failure: string | undefined;

  constructor(options: EmbeddedRoleOptions) {
    this.#options = options;
    this.#host = new EmbeddedHost(options.startTracker);
  }

  /** Starts a tracker in this peer and opens a session with it. Never rejects: failures go to discovery. */
  async start(port: number): Promise<void> {
    const { trackerDiscovery, log, pool, started } = this.#options;
    const failure = await this.#host.start(port);
    if (failure?.code === 'CLOSED') return;
    this.#failure = failure?.message;
    if (failure !== undefined) {
      log.debug(`no embedded tracker: ${failure.message}`);
      const portTaken = failure.code === 'PORT_IN_USE';
      trackerDiscovery.dispatch((discovery, nowMs) => discovery.embedFailed(portTaken, nowMs));
      return;
    }
    const { address } = this.#host;
    if (address === undefined) return;
    pool.open(address, 'embedded');
    trackerDiscovery.dispatch((discovery, nowMs) => discovery.embedded(address.port, nowMs));
    trackerDiscovery.announceTracker(address.port);
    started(address);
  }

  /**
   * Re-evaluates the role: if a tracker in use is older, its address is announced as the successor and the embedded
   * tracker closes after RETIRE_MS.
   */
  review(): void {
    const own = this.#host.running;
    if (own === undefined) return;
    const better = betterThanOwn(own.instanceId, this.#options.pool.used());
    const place = better === undefined ? undefined : formatAddress(better.address);
    if (place === this.#retiringTo) return;
    this.#cancelRetiring();
    this.#retiringTo = place;
    if (better === undefined) {
      // The older one is gone: naming itself as the successor cancels the handover.
      own.announceSuccessor({ host: '127.0.0.1', port: own.local.port });
      return;
    }
    own.announceSuccessor(better.address);
    this.#options.log.debug(`the embedded tracker closes soon: ${place} is older`);
    this.#cancelRetiring = this.#options.clock.after(RETIRE_MS, () => void this.#retire());
  }

  /** Announces a successor before shutdown. */
  async nameSuccessor(): Promise<void> {
    const { pool } = this.#options;
    const own = this.#host.running;
    const ownTracker = pool.all().find(({ foundBy }) => foundBy === 'embedded');
    if (own === undefined || ownTracker === undefined) return;
    const peers = await this.#peersOf(ownTracker);
    const successor = chooseSuccessor(pool.used(), peers);
    if (successor !== undefined) own.announceSuccessor(successor);
  }

  /** The state of the embedded tracker, unless none was tried. */
  steps(): DiscoveryStep[] {
    const { address } = this.#host;
    const source = 'embedded';
    if (address !== undefined) {
      const until =
        this.#retiringTo === undefined ? '' : `, and closes soon in favour of ${this.#retiringTo}`;
      const text = `runs inside this peer at UDP port ${address.port}${until}`;
      return [{ source, text, outcome: 'answered' }];
    }
    if (this.#failure === undefined) return [];
    return [{ source, text: `none runs inside this peer: ${this.#failure}`, outcome: 'failed' }];
  }

  /** Safe to call twice and during start. */
  async close(): Promise<void> {
    this.#cancelRetiring();
    await this.#host.close();
  }

  async #retire(): Promise<void> {
    const { pool, trackerDiscovery } = this.#options;
    this.#retiringTo = undefined;
    trackerDiscovery.announceTracker(undefined);
    trackerDiscovery.dispatch((discovery) => discovery.retired());
    for (const tracker of pool.all()) if (tracker.foundBy === 'embedded') pool.drop(tracker);
    await this.#host.retire();
  }

  async #peersOf({ link }: PooledTracker) {
    const queries = new TrackerQueries({ ...this.#options, links: () => [link] });
    const peers = within(this.#options.clock, LIST_PEERS_MS, undefined, (signal) => queries.peers(signal));
    return peers.catch(() => []); // Without a successor, peers start discovery.
  }
}

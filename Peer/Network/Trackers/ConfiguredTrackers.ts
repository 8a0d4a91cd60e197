import { isIP } from 'node:net';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import type { LookupName } from '../../../Shared/Network/NameLookup.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import { type Clock, every } from '../../../Shared/Time/Clock.ts';
import type { TrackerStatus } from '../../Model.ts';

/** Interval of lookups while the tracker of a name is not connected. */
const LOOKUP_RETRY_MS = 4_000;

export interface ConfiguredTrackersOptions {
  readonly configured: readonly Address[];
  readonly lookup: LookupName;
  readonly clock: Clock;
  readonly isConnected: (address: Address) => boolean;
  /** Opens a session, in place of the one with `former`. */
  readonly resolved: (address: Address, former: Address | undefined) => void;
  /** Called once per tracker whose first lookup fails; lookups continue. */
  readonly failed: (configured: Address, reason: string) => void;
}

interface NamedTracker {
  readonly configured: Address;
  /** Address in use; undefined before the first successful lookup. */
  address: Address | undefined;
  reason: string;
  lookingUp: boolean;
  failures: number;
}

/**
 * Addresses of the configured trackers. A name is looked up again while its tracker is not connected: the host may have
 * a new address (DHCP), or the tracker may answer at another one of several.
 */
export class ConfiguredTrackers {
  readonly #options: ConfiguredTrackersOptions;
  readonly #named: NamedTracker[] = [];
  readonly #stopping = new AbortController();
  #stopTimer: () => void = () => {};

  constructor(options: ConfiguredTrackersOptions) {
    this.#options = options;
  }

  start(): void {
    const { configured, resolved, clock } = this.#options;
    for (const tracker of configured) {
      if (isIP(tracker.host) > 0) resolved(tracker, undefined);
      else
        this.#named.push({
          configured: tracker,
          address: undefined,
          reason: 'resolving its name',
          lookingUp: false,
          failures: 0,
        });
    }
    if (this.#named.length === 0) return;
    this.review();
    this.#stopTimer = every(clock, LOOKUP_RETRY_MS, () => this.review());
  }

  /** Looks up the names of all trackers that are not connected. */
  review(): void {
    for (const tracker of this.#named) {
      const { address, lookingUp } = tracker;
      const connected = address !== undefined && this.#options.isConnected(address);
      if (!connected && !lookingUp) void this.#lookup(tracker);
    }
  }

  close(): void {
    this.#stopTimer();
    this.#stopping.abort();
  }

  /** Name given for the tracker at an address; undefined: the address itself was given. */
  nameOf(address: Address): string | undefined {
    return this.#named.find((each) => each.address !== undefined && isSame(each.address, address))?.configured
      .host;
  }

  /** Trackers whose name is not resolved yet. */
  status(version: number): TrackerStatus[] {
    return this.#named
      .filter(({ address }) => address === undefined)
      .map(({ configured, reason }) => ({
        address: configured,
        name: undefined,
        foundBy: 'configured',
        state: 'connecting',
        instanceId: undefined,
        observed: undefined,
        lastAnswerAgoMs: undefined,
        intervalMs: undefined,
        peers: undefined,
        heldVersion: 0,
        version,
        reason,
      }));
  }

  async #lookup(tracker: NamedTracker): Promise<void> {
    const { lookup, isConnected, resolved, failed } = this.#options;
    const { signal } = this.#stopping;
    tracker.lookingUp = true;
    try {
      const hosts = await lookup(tracker.configured.host, signal);
      const { address: former } = tracker;
      if (signal.aborted || (former !== undefined && isConnected(former))) return;
      const address = { host: nextHost(hosts, former?.host), port: tracker.configured.port };
      if (former !== undefined && isSame(former, address)) return;
      tracker.address = address;
      resolved(address, former);
    } catch (failure) {
      tracker.reason = asShoalError(failure, 'NO_TRACKER').message;
      if (++tracker.failures === 1 && !signal.aborted && tracker.address === undefined)
        failed(tracker.configured, tracker.reason);
    } finally {
      tracker.lookingUp = false;
    }
  }
}

/** The host after the one that does not answer, in turn. */
function nextHost(hosts: readonly string[], former: string | undefined): string {
  const next = former === undefined ? 0 : hosts.indexOf(former) + 1;
  return hosts[next % hosts.length] ?? '';
}

function isSame(one: Address, other: Address): boolean {
  return formatAddress(one) === formatAddress(other);
}

import { isIP } from 'node:net';
import { type Address, formatAddress, normalHost } from '../../../Shared/Address.ts';
import { type Clock, sleep } from '../../../Shared/Clock.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { TrackerStatus } from '../../Model.ts';

/** Retry delay for a name lookup: the network may not be up yet. */
const LOOKUP_RETRY_MS = 4_000;

export interface ConfiguredTrackersOptions {
  readonly configured: readonly Address[];
  /** Resolves a host name to a numeric address. */
  readonly lookup: (host: string) => Promise<string>;
  readonly clock: Clock;
  /** Called once per tracker, when its numeric address is known. */
  readonly resolved: (address: Address) => void;
  /** Called once per tracker whose first lookup fails; lookups continue. */
  readonly failed: (configured: Address, reason: string) => void;
}

/** Resolves the host names of configured trackers. */
export class ConfiguredTrackers {
  readonly #options: ConfiguredTrackersOptions;
  readonly #waiting = new Map<string, { configured: Address; reason: string }>();
  readonly #stopping = new AbortController();

  constructor(options: ConfiguredTrackersOptions) {
    this.#options = options;
  }

  start(): void {
    for (const configured of this.#options.configured) {
      if (isIP(configured.host) > 0) this.#options.resolved(configured);
      else void this.#resolve(configured);
    }
  }

  close(): void {
    this.#stopping.abort();
  }

  /** Trackers whose name is not resolved yet. */
  status(version: number): TrackerStatus[] {
    return [...this.#waiting.values()].map(({ configured, reason }) => ({
      address: configured,
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

  async #resolve(configured: Address): Promise<void> {
    const { lookup, clock, resolved, failed } = this.#options;
    const { signal } = this.#stopping;
    const key = formatAddress(configured);
    this.#waiting.set(key, { configured, reason: 'resolving its name' });
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const host = normalHost(await lookup(configured.host));
        this.#waiting.delete(key);
        if (!signal.aborted) resolved({ host, port: configured.port });
        return;
      } catch (failure) {
        const reason = `its name does not resolve: ${asShoalError(failure, 'NO_TRACKER').message}`;
        this.#waiting.set(key, { configured, reason });
        if (tries === 0 && !signal.aborted) failed(configured, reason);
        await sleep(clock, LOOKUP_RETRY_MS, signal);
      }
    }
  }
}

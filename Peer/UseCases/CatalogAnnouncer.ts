import type { Log } from '../../Shared/Log.ts';
import { formatAddress } from '../../Shared/Network/Address.ts';
import type { TrackerStatus } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';

/** Upper bound on waiting for a tracker to receive a changed catalog. */
const ANNOUNCE_MS = 3_000;

/** Announces the catalog to trackers, and logs when one holds it. */
export class CatalogAnnouncer {
  readonly #network: NetworkManager;
  readonly #log: Log;
  /** Shared by changes in quick succession. */
  #running: Promise<void> | undefined;

  constructor(network: NetworkManager, log: Log) {
    this.#network = network;
    this.#log = log;
  }

  /** Announces a changed catalog in the background. */
  changed(): void {
    this.#network.trackers.catalogChanged();
    this.#running ??= this.announce().finally(() => {
      this.#running = undefined;
    });
  }

  /** Announces the catalog and waits until a connected tracker holds it. */
  async announce(): Promise<void> {
    this.#network.trackers.catalogChanged();
    await this.#network.ready(ANNOUNCE_MS);
    const held = this.#connected().find(({ heldVersion, version }) => heldVersion === version);
    if (held === undefined) return;
    this.#log.debug(`UPDATE_OK: the tracker at ${formatAddress(held.address)} holds catalog ${held.version}`);
  }

  /** Announces the catalog; returns the trackers this peer is registered at. @throws ShoalError NO_TRACKER */
  async join(signal: AbortSignal): Promise<readonly TrackerStatus[]> {
    await this.announce();
    signal.throwIfAborted();
    const joined = this.#connected();
    if (joined.length === 0) throw this.#network.trackers.noTracker();
    return joined;
  }

  #connected(): readonly TrackerStatus[] {
    return this.#network.trackers.status().filter(({ state }) => state === 'connected');
  }
}

import { formatAddress } from '../../Shared/Address.ts';
import type { Log } from '../../Shared/Log.ts';
import type { TrackerStatus } from '../Model.ts';
import { type NetworkManager, noTracker } from '../NetworkManager.ts';

/** How long a tracker gets to take a changed catalog before nobody waits for it any more. */
const ANNOUNCE_MS = 3_000;

/** Announces the catalog at the trackers, and tells in the log when one holds it. */
export class CatalogAnnouncer {
  readonly #network: NetworkManager;
  readonly #log: Log;
  /** Changes that follow each other are waited for together. */
  #running: Promise<void> | undefined;

  constructor(network: NetworkManager, log: Log) {
    this.#network = network;
    this.#log = log;
  }

  /** The catalog has changed. */
  changed(): void {
    this.#network.catalogChanged();
    this.#running ??= this.announce().finally(() => {
      this.#running = undefined;
    });
  }

  /** Announces it now, and waits for a tracker that holds it, if there is one. */
  async announce(): Promise<void> {
    this.#network.catalogChanged();
    await this.#network.ready(ANNOUNCE_MS);
    const held = this.#connected().find(({ heldVersion, version }) => heldVersion === version);
    if (held === undefined) return;
    this.#log.debug(`UPDATE_OK: the tracker at ${formatAddress(held.address)} holds catalog ${held.version}`);
  }

  /** The same; gives the trackers that we are registered at. @throws ShoalError NO_TRACKER */
  async join(signal: AbortSignal): Promise<readonly TrackerStatus[]> {
    await this.announce();
    signal.throwIfAborted();
    const joined = this.#connected();
    if (joined.length === 0) throw noTracker();
    return joined;
  }

  #connected(): readonly TrackerStatus[] {
    return this.#network.trackers().filter(({ state }) => state === 'connected');
  }
}

import type { PeerId } from '../../../Protocol/Ids.ts';
import type { Log } from '../../../Shared/Log.ts';
import { type Address, formatAddress, isLoopback } from '../../../Shared/Network/Address.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { ContactStore } from '../Ports.ts';

const TRACKERS_MAX = 16;
const PEERS_MAX = 50;

type Peer = { readonly peerId: PeerId; readonly address: Address };

/**
 * Addresses of trackers and peers that answered, newest first, kept for the next run. Read and write failures are
 * logged and otherwise ignored.
 */
export class ContactMemory {
  readonly #places: ContactStore;
  readonly #log: Log;
  #trackers: readonly Address[] = [];
  #peers: readonly Peer[] = [];
  #saving: Promise<void> = Promise.resolve();

  constructor(places: ContactStore, log: Log) {
    this.#places = places;
    this.#log = log;
  }

  get trackers(): readonly Address[] {
    return this.#trackers;
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  async load(): Promise<void> {
    try {
      const { trackers, peers } = await this.#places.load();
      this.#trackers = newest([...this.#trackers, ...trackers], formatAddress, TRACKERS_MAX);
      this.#peers = newest([...this.#peers, ...peers], ({ peerId }) => peerId, PEERS_MAX);
    } catch (failure) {
      this.#tell('read', failure);
    }
  }

  /** Records a tracker. Loopback is skipped: discovery probes it in any case. */
  tracker(address: Address): void {
    if (isLoopback(address.host)) return;
    const [first] = this.#trackers;
    if (first !== undefined && formatAddress(first) === formatAddress(address)) return;
    this.#trackers = newest([address, ...this.#trackers], formatAddress, TRACKERS_MAX);
    void this.save();
  }

  /** Records peers; written by the next `save`. */
  metPeers(peers: readonly Peer[]): void {
    const places = peers.map(({ peerId, address }) => ({ peerId, address }));
    this.#peers = newest([...places, ...this.#peers], ({ peerId }) => peerId, PEERS_MAX);
  }

  /** Resolves when everything recorded so far has been written, or writing failed. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#places.save({ trackers: this.#trackers, peers: this.#peers });
      } catch (failure) {
        this.#tell('written', failure);
      }
    });
    return this.#saving;
  }

  #tell(what: string, failure: unknown): void {
    this.#log.debug(
      `remembered addresses could not be ${what}: ${asShoalError(failure, 'DISK_FAILED').message}`,
    );
  }
}

/** The first item of each key, at most `max`. */
function newest<T>(items: readonly T[], keyOf: (item: T) => string, max: number): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) if (!byKey.has(keyOf(item))) byKey.set(keyOf(item), item);
  return [...byKey.values()].slice(0, max);
}

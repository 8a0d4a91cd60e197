import type { PeerId } from '../../Protocol/Ids.ts';
import type { Log } from '../../Shared/Log.ts';
import { diskCode, ShoalError } from '../../Shared/ShoalError.ts';
import type { TrustedSenders } from './Ports.ts';

/** Peers whose pushes are always accepted. */
export class Trust {
  readonly #store: TrustedSenders;
  readonly #log: Log;
  readonly #peers = new Set<PeerId>();
  #saving: Promise<void> = Promise.resolve();

  constructor(store: TrustedSenders, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  async load(): Promise<void> {
    for (const peer of await this.#store.load()) this.#peers.add(peer);
  }

  has(peer: PeerId): boolean {
    return this.#peers.has(peer);
  }

  /** Resolves when saved for later runs. @throws ShoalError DISK_FULL, DISK_FAILED: trusted for this run only */
  async add(peer: PeerId): Promise<void> {
    if (this.#peers.has(peer)) return;
    this.#peers.add(peer);
    const kept = this.#saving.then(() => this.#store.save([...this.#peers]));
    this.#saving = kept.catch((failure: unknown) => this.#log.debug(`trust is not kept: ${String(failure)}`));
    await kept.catch((failure: unknown) => {
      throw new ShoalError(diskCode(failure), 'the peer is trusted in this run only: saving failed', {
        hint: 'Check the free space in your home, and that the state folder is writable.',
        cause: failure,
      });
    });
  }

  /** Resolves when no write is pending. */
  saved(): Promise<void> {
    return this.#saving;
  }
}

import { type Address, isLoopback } from '../../../Shared/Network/Address.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import type { EmbeddedTracker, StartTracker } from '../Ports.ts';

/** Starts and stops the embedded tracker of this peer. */
export class EmbeddedHost {
  readonly #startTracker: StartTracker;
  #starting: Promise<EmbeddedTracker> | undefined;
  #tracker: EmbeddedTracker | undefined;
  #closed = false;

  constructor(startTracker: StartTracker) {
    this.#startTracker = startTracker;
  }

  get running(): EmbeddedTracker | undefined {
    return this.#tracker;
  }

  /** Address for this peer: loopback, because it stays valid when networks come and go. */
  get address(): Address | undefined {
    if (this.#tracker === undefined) return undefined;
    const { host, port } = this.#tracker.local;
    return { host: host === '0.0.0.0' || host === '::' || isLoopback(host) ? '127.0.0.1' : host, port };
  }

  /** Starts a tracker. Returns undefined on success, else the reason of the failure. */
  async start(port: number): Promise<ShoalError | undefined> {
    if (this.#closed || this.#starting !== undefined) return asShoalError('closing', 'CLOSED');
    try {
      this.#starting = this.#startTracker(port);
      const tracker = await this.#starting;
      if (this.#closed) return asShoalError('closing', 'CLOSED');
      this.#tracker = tracker;
      return undefined;
    } catch (failure) {
      return asShoalError(failure, 'UNREACHABLE');
    } finally {
      if (this.#tracker === undefined && !this.#closed) this.#starting = undefined;
    }
  }

  /** Stops the tracker; a later start is possible. */
  async retire(): Promise<void> {
    const tracker = this.#tracker;
    this.#tracker = undefined;
    this.#starting = undefined;
    await tracker?.close();
  }

  /** Safe to call twice and during start. */
  async close(): Promise<void> {
    this.#closed = true;
    const started = await this.#starting?.catch(() => undefined);
    this.#starting = undefined;
    this.#tracker = undefined;
    await started?.close();
  }
}

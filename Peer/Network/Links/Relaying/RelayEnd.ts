import type { ByteStream, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { RateFlow } from '../../Lanes/Limits/RateFlow.ts';

/** Time for the last bytes of an ended connection before it is cut. */
const FAREWELL_MS = 5_000;

export interface RelayEndOptions {
  readonly clock: Clock;
  /** Called for bytes that were passed on. */
  readonly moved: (bytes: number) => void;
  /** Called once when the connection of this half is gone. */
  readonly ended: () => void;
}

/**
 * One half of a relayed connection: passes its bytes on to the other half, as fast as the limits and that half allow.
 * At most one read is held. Both halves end together.
 */
export class RelayEnd implements StreamHandler {
  readonly #stream: ByteStream;
  readonly #options: RelayEndOptions;
  readonly #held: Uint8Array[] = [];
  #other: RelayEnd | undefined;
  #flows: readonly RateFlow[] = [];
  #isPassing = false;
  #isClosed = false;
  #wake: () => void = () => {};
  #cancelCut: (() => void) | undefined;

  constructor(stream: ByteStream, options: RelayEndOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** Begins to pass bytes on. @param flows - shares of all limits that apply; closed with the connection */
  join(other: RelayEnd, flows: readonly RateFlow[]): void {
    this.#other = other;
    this.#flows = flows;
    void this.#pass();
  }

  /** Sends what is held, then closes. */
  finish(): void {
    this.#stream.end();
    this.#cancelCut ??= this.#options.clock.after(FAREWELL_MS, () => this.#stream.destroy());
  }

  destroy(): void {
    this.#stream.destroy();
  }

  // ---- StreamHandler

  data(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#stream.pause();
    void this.#pass();
  }

  drained(): void {
    this.#wake();
  }

  closed(): void {
    this.#isClosed = true;
    this.#cancelCut?.();
    this.#wake();
    for (const flow of this.#flows) flow.close();
    if (!this.#isPassing) this.#other?.finish();
    this.#options.ended();
  }

  /** Never rejects. */
  async #pass(): Promise<void> {
    const other = this.#other;
    if (other === undefined || this.#isPassing) return;
    this.#isPassing = true;
    for (let bytes = this.#held.shift(); bytes !== undefined; bytes = this.#held.shift()) {
      for (const flow of this.#flows) await flow.take(bytes.length);
      if (other.#isClosed) break;
      this.#options.moved(bytes.length);
      if (!other.#stream.write(bytes)) await other.#writable();
    }
    this.#isPassing = false;
    if (this.#isClosed) other.finish();
    else this.#stream.resume();
  }

  #writable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#isClosed) resolve();
    });
  }
}

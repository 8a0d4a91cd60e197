import type { Duplex } from 'node:stream';
import { GREETING_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { type Incoming, type Occupant, OPENING_BYTES_MAX, type Opening } from './Opening.ts';

export interface FirstBytesOptions {
  readonly clock: Clock;
  readonly openings: readonly Opening[];
  readonly full: boolean;
  /** Called once when an opening has taken the connection over. */
  readonly taken: (occupant: Occupant) => void;
  readonly settled: () => void;
  /** Called once when the connection ends. False: no opening claimed its first bytes. */
  readonly closed: (ours: boolean) => void;
}

/**
 * Reads the first bytes of a connection and finds the opening that claims them. Unclaimed bytes close the connection
 * at once and silently; a connection that is not settled within GREETING_TIMEOUT_MS is closed too.
 */
export class FirstBytes implements StreamHandler, Incoming {
  readonly #stream: ByteStream;
  readonly #options: FirstBytesOptions;
  readonly #cancelDeadline: () => void;
  #first: Buffer = Buffer.alloc(0);
  #owned = false;
  #gone = false;
  #next: StreamHandler | undefined;

  constructor(stream: ByteStream, options: FirstBytesOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#cancelDeadline = options.clock.after(GREETING_TIMEOUT_MS, () => stream.destroy());
  }

  // ---- StreamHandler

  data(bytes: Uint8Array): void {
    if (this.#owned) {
      this.#next?.data?.(bytes);
      return;
    }
    this.#first = Buffer.concat([this.#first, bytes]);
    const { openings, taken } = this.#options;
    let undecided = false;
    for (const opening of openings) {
      const claim = opening.claims(this.#first);
      if (claim === 'mine') {
        this.#owned = true;
        taken(opening.accept(this));
        return;
      }
      undecided ||= claim === 'more';
    }
    if (!undecided || this.#first.length >= OPENING_BYTES_MAX) this.#stream.destroy();
  }

  drained(): void {
    this.#next?.drained?.();
  }

  closed(error: Error | undefined): void {
    this.#gone = true;
    this.#cancelDeadline();
    this.#next?.closed(error);
    this.#options.closed(this.#owned);
  }

  // ---- Incoming

  get remote(): Address {
    return this.#stream.remote;
  }

  get first(): Uint8Array {
    return this.#first;
  }

  get gone(): boolean {
    return this.#gone;
  }

  get full(): boolean {
    return this.#options.full;
  }

  stream(handlerOf: (stream: ByteStream) => StreamHandler, skip = 0): void {
    this.#next = handlerOf(this.#stream);
    if (this.#first.length > skip) this.#next.data?.(this.#first.subarray(skip));
  }

  socket(): Duplex {
    if (this.#stream.detach === undefined) throw new RangeError('no socket below this stream');
    return this.#stream.detach(this.#first);
  }

  settle(): void {
    this.#cancelDeadline();
    this.#options.settled();
  }
}

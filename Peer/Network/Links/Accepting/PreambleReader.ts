import { GREETING_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import {
  type ConnectionKind,
  decodePreamble,
  encodePreamble,
  PREAMBLE_BYTES,
} from '../../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../../Shared/Clock.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Transport.ts';

const FIRST_BYTE = encodePreamble('control')[0];

export interface GreetingHost {
  readonly clock: Clock;
  /** Takes the connection over. */
  readonly dispatch: (kind: ConnectionKind, stream: ByteStream) => StreamHandler;
  /** Once, at the end of the connection; false: it never became ours. */
  readonly closed: (ours: boolean) => void;
}

/**
 * The first 8 bytes of a connection from outside, which decide whose it is. What does not begin like ours is closed at
 * once and without a word; what is slower than 10 s too.
 */
export class PreambleReader implements StreamHandler {
  readonly #stream: ByteStream;
  readonly #host: GreetingHost;
  readonly #cancelTimeout: () => void;
  #first: Uint8Array = new Uint8Array(0);
  #next: StreamHandler | undefined;

  constructor(stream: ByteStream, host: GreetingHost) {
    this.#stream = stream;
    this.#host = host;
    this.#cancelTimeout = host.clock.after(GREETING_TIMEOUT_MS, () => stream.destroy());
  }

  data(bytes: Uint8Array): void {
    if (this.#next !== undefined) {
      this.#next.data?.(bytes);
      return;
    }
    const first = Buffer.concat([this.#first, bytes]);
    this.#first = first;
    if (first.length > 0 && first[0] !== FIRST_BYTE) {
      this.#stream.destroy();
      return;
    }
    if (first.length < PREAMBLE_BYTES) return;
    const kind = decodePreamble(first.subarray(0, PREAMBLE_BYTES));
    if (kind === undefined) {
      this.#stream.destroy();
      return;
    }
    this.#cancelTimeout();
    this.#next = this.#host.dispatch(kind, this.#stream);
    if (first.length > PREAMBLE_BYTES) this.#next.data?.(first.subarray(PREAMBLE_BYTES));
  }

  drained(): void {
    this.#next?.drained?.();
  }

  closed(error: Error | undefined): void {
    this.#cancelTimeout();
    this.#next?.closed(error);
    this.#host.closed(this.#next !== undefined);
  }
}

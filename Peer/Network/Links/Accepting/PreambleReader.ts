import { GREETING_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import {
  byeToVersion,
  type ConnectionKind,
  decodePreamble,
  encodeControl,
  encodePreamble,
  PREAMBLE_BYTES,
  PROTOCOL_VERSION,
} from '../../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../../Shared/Clock.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Transport.ts';

const FIRST_BYTE = encodePreamble('control')[0];

export interface PreambleReaderOptions {
  readonly clock: Clock;
  /** Takes over a connection after its preamble. */
  readonly dispatch: (kind: ConnectionKind, stream: ByteStream) => StreamHandler;
  /** Called for a connection of another protocol version, which is refused. */
  readonly otherVersion: (version: number, stream: ByteStream) => void;
  /** Called once when the connection ends. False: its preamble was missing or invalid. */
  readonly closed: (ours: boolean) => void;
}

/**
 * Reads the 8-byte preamble of an incoming connection. An invalid one closes the connection at once and silently, a
 * missing one after GREETING_TIMEOUT_MS. Another version gets a goodbye that says which side is older.
 */
export class PreambleReader implements StreamHandler {
  readonly #stream: ByteStream;
  readonly #host: PreambleReaderOptions;
  readonly #cancelTimeout: () => void;
  #first: Uint8Array = new Uint8Array(0);
  #next: StreamHandler | undefined;
  #refused = false;

  constructor(stream: ByteStream, host: PreambleReaderOptions) {
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
    const preamble = decodePreamble(first.subarray(0, PREAMBLE_BYTES));
    if (preamble === undefined) {
      this.#stream.destroy();
      return;
    }
    const { kind, version } = preamble;
    if (version !== PROTOCOL_VERSION) {
      this.#refuseVersion(kind, version);
      return;
    }
    this.#cancelTimeout();
    this.#next = this.#host.dispatch(kind, this.#stream);
    if (first.length > PREAMBLE_BYTES) this.#next.data?.(first.subarray(PREAMBLE_BYTES));
  }

  /** Says goodbye to a control link of another version; the timeout ends a connection that stays open. */
  #refuseVersion(kind: ConnectionKind, version: number): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#host.otherVersion(version, this.#stream);
    if (kind === 'control') this.#stream.write(encodeControl({ type: 'bye', reason: byeToVersion(version) }));
    this.#stream.end();
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

import type { Address } from './Address.ts';

/**
 * The network as the rest of Shoal sees it. Real sockets are made in `main.ts` only (Peer/Network/Sockets.ts,
 * Tracker/…), simulated ones in test/Support/SimulatedNetwork.ts.
 */

/** A bound UDP socket. */
export interface DatagramSocket {
  readonly local: Address;
  send(bytes: Uint8Array, to: Address): void;
  /** The bytes may be reused after the call: copy what is kept. */
  onMessage(handler: (bytes: Uint8Array, from: Address) => void): void;
  close(): Promise<void>;
}

/** What a connection tells its owner. All calls come after the call that installed them has returned. */
export interface StreamHandler {
  /** Only when no `ReadTarget` was given. The bytes are the handler's to keep. */
  data?(bytes: Uint8Array): void;
  /** The write buffer is empty again after `write` returned false. */
  drained?(): void;
  /** Exactly once, also after `destroy()`. `error` is undefined after an orderly end. */
  closed(error: Error | undefined): void;
}

/** Receives bytes into the owner's own memory (Node's `onread`; only on connections that one dialled). */
export interface ReadTarget {
  /** Where the next bytes go; not empty. Called before each read. */
  nextBuffer(): Uint8Array;
  /** `bytes` have arrived at the start of the last buffer. False pauses reading until `resume()`. */
  filled(bytes: number): boolean;
}

/** A connected TCP stream. */
export interface ByteStream {
  readonly remote: Address;
  /** Takes the bytes as they are (no copy: do not touch them until `done`); false: wait for `drained`. */
  write(bytes: Uint8Array, done?: () => void): boolean;
  pause(): void;
  resume(): void;
  /** Sends what is buffered, then closes. */
  end(): void;
  destroy(): void;
}

/** Opens connections. @throws ShoalError UNREACHABLE, TIMEOUT, CANCELLED */
export type Dial = (
  address: Address,
  handler: StreamHandler,
  options?: { signal?: AbortSignal; into?: ReadTarget },
) => Promise<ByteStream>;

/** Accepts connections until closed. */
export interface Listener {
  readonly local: Address;
  close(): Promise<void>;
}

/** Starts to listen on TCP; `accept` is called for each connection and gives its handler. @throws ShoalError PORT_IN_USE */
export type Listen = (port: number, accept: (stream: ByteStream) => StreamHandler) => Promise<Listener>;

/** Binds a UDP socket; port 0 takes a free one. @throws ShoalError PORT_IN_USE */
export type BindDatagram = (options: {
  port: number;
  host?: string;
  broadcast?: boolean;
}) => Promise<DatagramSocket>;

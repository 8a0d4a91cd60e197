import type { Duplex } from 'node:stream';
import type { Address } from './Address.ts';

/**
 * Interfaces of the network. Real sockets: Shared/Network/DatagramSockets.ts and
 * Peer/Network/Links/Accepting/StreamSockets.ts. Simulated ones: test/Support/SimulatedNetwork.ts.
 */

/** A bound UDP socket. */
export interface DatagramSocket {
  readonly local: Address;
  send(bytes: Uint8Array, to: Address): void;
  /** The bytes may be reused after the call: copy what is kept. */
  onMessage(handler: (bytes: Uint8Array, from: Address) => void): void;
  close(): Promise<void>;
}

/** Events of a connection. None occurs before the call that installed the handler has returned. */
export interface StreamHandler {
  /** Only without a `ReadTarget`. The handler owns the bytes. */
  data?(bytes: Uint8Array): void;
  /** The write buffer is empty again after `write` returned false. */
  drained?(): void;
  /** Called exactly once, also after `destroy()`. `error` is undefined after an orderly end. */
  closed(error: Error | undefined): void;
}

/** Receives bytes into the owner's memory (Node's `onread`). */
export interface ReadTarget {
  /** Target of the next read; not empty. */
  nextBuffer(): Uint8Array;
  /** `bytes` have arrived at the start of the last buffer. False pauses reading until `resume()`. */
  filled(bytes: number): boolean;
}

/** A connected TCP stream. */
export interface ByteStream {
  readonly remote: Address;
  /** Own address; undefined where it is not known. */
  readonly localHost?: string | undefined;
  /** Writes without a copy: the bytes must not change until `done`. False: wait for `drained`. */
  write(bytes: Uint8Array, done?: () => void): boolean;
  pause(): void;
  resume(): void;
  /** Sends the buffered bytes, then closes. */
  end(): void;
  destroy(): void;
  /** Descriptor of an open, plain TCP socket, for system calls that Node does not offer. */
  readonly descriptor?: () => number | undefined;
  /**
   * Reads into the owner's memory from now on: no `data` follows. False: not possible with this stream.
   */
  readonly readInto?: ((into: ReadTarget) => boolean) | undefined;
  /**
   * Hands over the socket of Node below, with `unread` bytes put back; of the handler only `closed` is called from then
   * on. Undefined where there is no such socket.
   */
  readonly detach?: ((unread: Uint8Array) => Duplex) | undefined;
}

/** Opens connections; `from` is the own address to dial from. @throws ShoalError UNREACHABLE, TIMEOUT, CANCELLED */
export type Dial = (
  address: Address,
  handler: StreamHandler,
  options?: { signal?: AbortSignal; into?: ReadTarget; from?: string | undefined },
) => Promise<ByteStream>;

/** Accepts connections until closed. */
export interface Listener {
  readonly local: Address;
  close(): Promise<void>;
}

/** Listens on TCP. `accept` returns the handler of each connection. @throws ShoalError PORT_IN_USE */
export type Listen = (port: number, accept: (stream: ByteStream) => StreamHandler) => Promise<Listener>;

/** Binds a UDP socket; port 0 takes a free one. @throws ShoalError PORT_IN_USE */
export type BindDatagram = (options: {
  port: number;
  host?: string;
  broadcast?: boolean;
}) => Promise<DatagramSocket>;

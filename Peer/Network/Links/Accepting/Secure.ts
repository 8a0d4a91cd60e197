import type { PeerId } from '../../../../Protocol/Ids.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import type { ByteStream, Dial, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import type { Incoming } from './Opening.ts';

/** An encrypted stream whose remote side has proven that it owns the key of a peer id. */
export interface ProvenStream extends ByteStream {
  readonly provenId: PeerId;
  /** Protocol spoken on the connection. */
  readonly channel: 'control' | 'lane';
  /** 32 bytes that only the two ends of this very connection can compute. */
  binding(): Uint8Array;
}

/** A connection that is open already, to be encrypted: one that a third peer relays. */
export interface OpenConnection {
  readonly stream: ByteStream;
  /** Sets the handler of the stream. Unused where the stream is detached. */
  handOver(handler: StreamHandler): void;
}

/** Encrypted connections in which both sides prove their peer ids before the first byte. */
export interface SecureTransport {
  /**
   * Dials, or begins over an open connection. No byte is read before the promise resolves: check `provenId` first.
   * `connected` is called when a dialled connection is there, before its handshake.
   * @throws ShoalError UNREACHABLE, TIMEOUT, CANCELLED
   */
  dial(
    address: Address,
    handler: StreamHandler,
    options?: {
      readonly signal?: AbortSignal;
      readonly over?: OpenConnection;
      readonly connected?: (() => void) | undefined;
    },
  ): Promise<ProvenStream>;
  /**
   * Begins an encrypted lane to a peer, and to no other one, over an open connection; in the open network, too.
   * @throws ShoalError like dial
   */
  laneOver(
    expects: PeerId,
    over: OpenConnection,
    handler: StreamHandler,
    signal?: AbortSignal,
  ): Promise<ProvenStream>;
  /** Dials encrypted lanes to a peer, and to no other one. Undefined: lanes are plain TCP. */
  readonly lanes?: ((expects: PeerId) => Dial) | undefined;
  /** As in Opening. */
  claims(first: Uint8Array): 'mine' | 'not mine' | 'more';
  /**
   * Takes over an incoming connection. An unproven one is closed.
   * @param opened - called once the id is proven; returns the handler of the stream
   * @param failed - called instead, with the reason
   */
  accept(
    incoming: Incoming,
    opened: (stream: ProvenStream) => StreamHandler,
    failed: (reason: string) => void,
  ): void;
}

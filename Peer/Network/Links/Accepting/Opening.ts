import type { Duplex } from 'node:stream';
import type { Address } from '../../../../Shared/Network/Address.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Network/Transport.ts';

/** An accepted connection whose first bytes are known. Exactly one opening takes it over, as a stream or a socket. */
export interface Incoming {
  readonly remote: Address;
  /** Bytes read so far, at least one. They are delivered again. */
  readonly first: Uint8Array;
  /** Over the connection limit: the opening says so in its language, and closes. */
  readonly full: boolean;
  /** The connection is gone. */
  readonly gone: boolean;
  /** Takes over as a byte stream. @param skip - bytes of `first` that are not delivered again */
  stream(handlerOf: (stream: ByteStream) => StreamHandler, skip?: number): void;
  /** Takes over as the socket of Node, for `server.emit('connection', socket)`. @throws RangeError: none below */
  socket(): Duplex;
  /** Ends the deadline of GREETING_TIMEOUT_MS: the remote side is known, or has sent a whole request. */
  settle(): void;
}

/** The owner of a connection that was taken over. */
export interface Occupant {
  /** Milliseconds without use; undefined: in use, and not to be evicted. */
  idleMs(nowMs: number): number | undefined;
  /** Closes the connection in favour of a newcomer. */
  evict(): void;
}

/** One protocol on the port, recognised by the first bytes of a connection. Openings are asked in order. */
export interface Opening {
  readonly name: string;
  /** `more`: undecided; allowed below OPENING_BYTES_MAX bytes only. */
  claims(first: Uint8Array): 'mine' | 'not mine' | 'more';
  accept(incoming: Incoming): Occupant;
}

/** Bytes by which every opening has decided: the longest is a ClientHello, which has about 2 KiB in browsers. */
export const OPENING_BYTES_MAX = 4_096;

/** Whether `first` is, or may become, `start`. */
export function claimsStart(first: Uint8Array, start: Uint8Array): 'mine' | 'not mine' | 'more' {
  const length = Math.min(first.length, start.length);
  if (!Buffer.from(first.subarray(0, length)).equals(start.subarray(0, length))) return 'not mine';
  return length === start.length ? 'mine' : 'more';
}

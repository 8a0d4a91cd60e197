import type { ByteReader } from '../Protocol/Codec.ts';
import { HEARTBEAT } from '../Protocol/Heartbeat.ts';
import { decodeRequestBody, type TrackerRequest } from '../Protocol/TrackerMessages.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { Purpose } from './Peers/RateLimits.ts';
import type { RegisteredPeer } from './Peers/RegisteredPeer.ts';

/** Length of the header: connection id (8 bytes), action (4), transaction id (4). */
export const HEADER_BYTES = 16;
const ACTION_AT = 8;
const TRANSACTION_AT = 12;

/** The transaction id of a request of at least HEADER_BYTES. */
export function transactionOf(datagram: Buffer): number {
  return datagram.readUInt32BE(TRANSACTION_AT);
}

/** Whether a datagram is a heartbeat equal to the peer's last one. */
export function isRepeatedHeartbeat(datagram: Buffer, peer: RegisteredPeer): boolean {
  return datagram.readUInt32BE(ACTION_AT) === HEARTBEAT && peer.repeats(datagram, HEADER_BYTES);
}

/** Decodes the body of a request; undefined: malformed. */
export function readRequest(action: number, input: ByteReader): TrackerRequest | undefined {
  try {
    return decodeRequestBody(action, input);
  } catch (failure) {
    if (failure instanceof ShoalError) return undefined;
    throw failure;
  }
}

/** The limit that a request counts against. */
export function purposeOf(request: TrackerRequest): Purpose {
  // The number of answers follows the searches of others: they must not consume the peer's own requests.
  return ['publish', 'hit', 'miss'].includes(request.type) ? 'publish' : 'request';
}

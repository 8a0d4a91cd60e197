import type { ByteReader } from '../Protocol/Codec.ts';
import { HEARTBEAT } from '../Protocol/Heartbeat.ts';
import { decodeRequestBody, type TrackerRequest } from '../Protocol/TrackerMessages.ts';
import { type Address, normalHost } from '../Shared/Address.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { Purpose } from './RateLimits.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';

/** Connection id (8 bytes), action (4), transaction (4). */
export const HEADER_BYTES = 16;
const ACTION_AT = 8;
const TRANSACTION_AT = 12;

/** The same object when it is one already, as nearly always. */
export function normalAddress(sender: Address): Address {
  const host = normalHost(sender.host);
  return host === sender.host ? sender : { host, port: sender.port };
}

/** The transaction of a request, of which at least the header is here. */
export function transactionOf(datagram: Buffer): number {
  return datagram.readUInt32BE(TRANSACTION_AT);
}

/** Whether a datagram is a heartbeat with the very body of this peer's last one. */
export function saidAgain(datagram: Buffer, peer: RegisteredPeer): boolean {
  return datagram.readUInt32BE(ACTION_AT) === HEARTBEAT && peer.said(datagram, HEADER_BYTES);
}

/** Undefined when the bytes break the protocol. */
export function readRequest(action: number, input: ByteReader): TrackerRequest | undefined {
  try {
    return decodeRequestBody(action, input);
  } catch (failure) {
    if (failure instanceof ShoalError) return undefined;
    throw failure;
  }
}

/** What it counts as. */
export function purposeOf(request: TrackerRequest): Purpose {
  // Answers to queries are as many as others' searches: they must not use up the peer's own requests.
  if (['publish', 'hit', 'miss'].includes(request.type)) return 'publish';
  return request.type === 'search' && request.cursor === 0 ? 'search' : 'request';
}

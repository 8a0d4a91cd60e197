import { createHash } from 'node:crypto';
import type { InstanceId, PeerId } from '../../Protocol/Ids.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { SipHash } from './SipHash.ts';

const KEY_BYTES = 16;
const PEER_ID_AT = 2;
const INSTANCE_AT = PEER_ID_AT + 32;
/** Offset of the host: after the port (2 bytes), the peer id (32) and the instance id (8). */
const HOST_AT = INSTANCE_AT + 8;
/** The longest numeric address takes 45 characters (IPv6 with IPv4 in it). */
const HOST_CHARS_MAX = 64;

/**
 * Tokens of proven peers: SipHash-2-4 of source address, peer id and instance id under a secret of this run, 8 bytes.
 * Stateless. Invalid at any other address, and after a restart of the tracker.
 */
export class PeerTokens {
  readonly #hash: SipHash;
  readonly #message = Buffer.alloc(HOST_AT + HOST_CHARS_MAX);

  /** @param secret - at least 16 random bytes, new at every start; other keys may be made from it */
  constructor(secret: Uint8Array) {
    const key = createHash('sha256').update('shoal-peer-tokens').update(secret).digest();
    this.#hash = new SipHash(key.subarray(0, KEY_BYTES));
  }

  /** The token of a peer at an address, as 16 hex digits. */
  make({ host, port }: Address, peerId: PeerId, instanceId: InstanceId): string {
    const message = this.#message;
    message.writeUInt16BE(port, 0);
    message.write(peerId, PEER_ID_AT, 'hex');
    message.write(instanceId, INSTANCE_AT, 'hex');
    const count = message.write(host, HOST_AT, 'latin1');
    this.#hash.digest(message, HOST_AT + count);
    return this.#hash.hex;
  }

  /** Compares in constant time. */
  check(token: string, from: Address, peerId: PeerId, instanceId: InstanceId): boolean {
    this.make(from, peerId, instanceId);
    return this.#hash.is(token);
  }
}

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { PeerId } from './Ids.ts';

/**
 * The id of the peer that owns an Ed25519 key: SHA-256 of the public key in its DER form (SubjectPublicKeyInfo).
 * docs/reference/protocol.md, "Peer id".
 * @param key - public or private
 */
export function peerIdOf(key: KeyObject): PeerId {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex') as PeerId;
}

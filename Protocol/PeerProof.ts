import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Decoded, hex, struct } from './Codec.ts';
import type { InstanceId, PeerId } from './Ids.ts';
import { peerIdOf } from './PeerKey.ts';

/** Proof that the sender of a heartbeat holds the key of its peer id. docs/reference/protocol.md, "Proof". */

/** Ed25519 public key and signature of a registration, as hex digits. */
export const peerProof = struct({ publicKey: hex(32), signature: hex(64) });

export type PeerProof = Decoded<typeof peerProof>;

/** The signed facts. Another tracker, address, minute or instance makes another signature necessary. */
export interface Registration {
  readonly trackerInstance: InstanceId;
  /** Connection id of the request: bound to the source address, and valid for two minutes at most. */
  readonly connectionId: string;
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  /** TCP port. */
  readonly port: number;
}

/** Creates the proof of a registration with the peer's own key. */
export type Prove = (registration: Registration) => PeerProof;

/** The token of a peer that has not registered yet. */
export const NO_TOKEN = '0000000000000000';

/** Keeps a signature from being valid for any other purpose of the key. */
const DOMAIN = Buffer.from('shoal-tracker-registration-v2', 'latin1');
/** DER form (SubjectPublicKeyInfo) of an Ed25519 public key before its 32 bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** @param privateKey - Ed25519 */
export function proveWith(privateKey: KeyObject): Prove {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const publicKey = der.subarray(SPKI_PREFIX.length).toString('hex');
  return (registration) => ({
    publicKey,
    signature: sign(null, signedBytes(registration), privateKey).toString('hex'),
  });
}

/** Verifies a proof: the key belongs to the peer id, and it has signed. About 0.2 ms. Never throws. */
export function isProven(proof: PeerProof, registration: Registration): boolean {
  try {
    const der = Buffer.concat([SPKI_PREFIX, Buffer.from(proof.publicKey, 'hex')]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    if (peerIdOf(key) !== registration.peerId) return false;
    return verify(null, signedBytes(registration), key, Buffer.from(proof.signature, 'hex'));
  } catch {
    return false; // Not a key.
  }
}

function signedBytes(registration: Registration): Buffer {
  const { trackerInstance, connectionId, peerId, instanceId, port } = registration;
  const ids = Buffer.from(trackerInstance + connectionId + peerId + instanceId, 'hex');
  return Buffer.concat([DOMAIN, ids, Buffer.of(port >>> 8, port & 0xff)]);
}

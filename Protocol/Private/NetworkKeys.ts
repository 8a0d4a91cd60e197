import { hkdfSync } from 'node:crypto';

/** Separates these keys from everything else that might be derived from the same secret. */
const SALT = 'shoal private network 1';
const KEY_BYTES = 32;
const ID_BYTES = 8;

/** Keys of a private network. All are secret except `id`. */
export interface NetworkKeys {
  /** Proves membership on control links. */
  readonly member: Uint8Array;
  /** Seals datagrams to and from trackers. */
  readonly datagram: Uint8Array;
  /** Seals records between the trackers of a cluster. */
  readonly bus: Uint8Array;
  /** Makes the tokens that members recognize in announcements on the LAN. */
  readonly discovery: Uint8Array;
  /** Distinguishes networks on one computer; 16 hex digits. Reveals nothing of the secret; never sent to others. */
  readonly id: string;
}

/**
 * The key schedule: HKDF-SHA256 of the invite's secret, one label a key. docs/reference/protocol.md, "Private
 * networks".
 */
export function networkKeys(secret: Uint8Array): NetworkKeys {
  const derive = (label: string, bytes = KEY_BYTES) =>
    new Uint8Array(hkdfSync('sha256', secret, SALT, label, bytes));
  return {
    member: derive('member'),
    datagram: derive('datagram'),
    bus: derive('bus'),
    discovery: derive('discovery'),
    id: Buffer.from(derive('id', ID_BYTES)).toString('hex'),
  };
}

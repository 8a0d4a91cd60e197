import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { bitString, pem, sequence } from './Der.ts';

/**
 * A self-signed certificate of an Ed25519 key has a fixed layout (RFC 5280, RFC 8410): only key and signature differ.
 * TLS carries the key in it; nothing else of it is used, neither names nor dates.
 */
const VERSION_3 = 'a003020102';
const SERIAL_1 = '020101';
const ED25519 = '300506032b6570';
/** CN=shoal */
const NAME = '3010310e300c06035504030c0573686f616c';
/** From 2020-01-01, to the date that means "no end" (RFC 5280, 4.1.2.5). */
const VALIDITY = `3020170d${ascii('200101000000Z')}180f${ascii('99991231235959Z')}`;

/** The certificate of a private key as PEM, for TLS. @param privateKey - Ed25519 */
export function certificateOf(privateKey: KeyObject): string {
  const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const head = Buffer.from(VERSION_3 + SERIAL_1 + ED25519 + NAME + VALIDITY + NAME, 'hex');
  const content = sequence(head, key);
  const signature = sign(null, content, privateKey);
  return pem('CERTIFICATE', sequence(content, Buffer.from(ED25519, 'hex'), bitString(signature)));
}

function ascii(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

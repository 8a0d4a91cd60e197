import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { certificateOf } from '../../../Peer/State/Certificate.ts';
import { peerIdOf } from '../../../Protocol/PeerKey.ts';

test('the certificate of a key is valid, signed by itself, and carries the key whose hash is the peer id', () => {
  for (let times = 0; times < 300; times++) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const certificate = new X509Certificate(certificateOf(privateKey));
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(peerIdOf(certificate.publicKey)).toBe(peerIdOf(privateKey));
    expect([certificate.subject, certificate.issuer, certificate.validTo]).toEqual([
      'CN=shoal',
      'CN=shoal',
      'Dec 31 23:59:59 9999 GMT',
    ]);
  }
});

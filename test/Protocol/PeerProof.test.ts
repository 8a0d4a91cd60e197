import { createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import type { InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { isProven, proveWith } from '../../Protocol/PeerProof.ts';

/** The first test vector of RFC 8032, section 7.1. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
// Made with Python's cryptography and hashlib.
const PEER_ID = '06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9' as PeerId;
const SIGNATURE =
  '08c7427187427914d5d53be574a6c2116a33ba046edea043bb7f9c87546cb79d3978bead3d5dc8f5ed8a6ba50986f249a8dde287304f9de00e68912658263107';

test('golden peer id and registration proof', () => {
  const der = Buffer.from(`302e020100300506032b657004220420${SEED}`, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  expect(peerIdOf(key)).toBe(PEER_ID);
  const registration = {
    trackerInstance: '018bcfe56800beef' as InstanceId,
    connectionId: 'c0ffee0012345678',
    peerId: PEER_ID,
    instanceId: '018bcfe56800dead' as InstanceId,
    port: 9_001,
  };
  const proof = { publicKey: PUBLIC_KEY, signature: SIGNATURE };
  expect(proveWith(key)(registration)).toEqual(proof);
  expect(isProven(proof, registration)).toBe(true);
  expect(isProven(proof, { ...registration, port: 9_002 })).toBe(false);
});

import { createHash, createPrivateKey } from 'node:crypto';
import type { PeerId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { type Prove, proveWith } from '../../Protocol/PeerProof.ts';
import type { RequestOf, TrackerReply } from '../../Protocol/TrackerMessages.ts';

/** DER form (PKCS 8) of an Ed25519 private key before its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface TestKey {
  readonly peerId: PeerId;
  readonly prove: Prove;
}

/** The heartbeat with the proof that its answer demands. */
export function proven(
  { prove }: TestKey,
  connectionId: string,
  beat: RequestOf<'heartbeat'>,
  answer: TrackerReply | undefined,
): RequestOf<'heartbeat'> {
  if (answer?.type !== 'unproven') throw new Error(`no proof is wanted, but ${JSON.stringify(answer)}`);
  const { peerId, instanceId, port } = beat;
  const { trackerInstance } = answer;
  return { ...beat, proof: prove({ trackerInstance, connectionId, peerId, instanceId, port }) };
}

/** The key derived from a word. */
export function keyOf(word: string): TestKey {
  const seed = createHash('sha256').update(word).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return { peerId: peerIdOf(key), prove: proveWith(key) };
}

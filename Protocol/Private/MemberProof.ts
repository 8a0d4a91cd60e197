import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PeerId } from '../Ids.ts';

/** Length of a proof: an HMAC-SHA256. */
export const MEMBER_PROOF_BYTES = 32;
/** Label of the exporter (RFC 8446, section 7.5) that binds a proof to its TLS channel. */
export const MEMBER_EXPORTER = 'EXPORTER-shoal-member';
/** Length of the exported value. */
export const CHANNEL_BINDING_BYTES = 32;

const LABEL = 'shoal member 1';

/** The side of a connection that proves its membership. */
export type ProvingSide = 'dialling' | 'accepting';

/** A control link between two proven ids. */
export interface MemberChannel {
  readonly dialling: PeerId;
  readonly accepting: PeerId;
  /** Value that only the two ends of the TLS channel can compute: a relayed proof is of no use elsewhere. */
  readonly binding: Uint8Array;
}

/** The proof of one side that it has the key of the network. */
export function memberProof(memberKey: Uint8Array, side: ProvingSide, channel: MemberChannel): Buffer {
  return createHmac('sha256', memberKey)
    .update(LABEL)
    .update(Buffer.from([side === 'dialling' ? 0 : 1]))
    .update(Buffer.from(channel.dialling, 'hex'))
    .update(Buffer.from(channel.accepting, 'hex'))
    .update(channel.binding)
    .digest();
}

/** Compares in constant time. @param proof - any bytes of a stranger */
export function provesMembership(
  proof: Uint8Array,
  memberKey: Uint8Array,
  side: ProvingSide,
  channel: MemberChannel,
): boolean {
  return proof.length === MEMBER_PROOF_BYTES && timingSafeEqual(proof, memberProof(memberKey, side, channel));
}

import type { ByeReason } from './Reasons.ts';

/** The first 8 bytes of a connection: "SHOAL", the version, the kind, 0. Sent by the dialling side. */

export const PROTOCOL_VERSION = 2;
export const PREAMBLE_BYTES = 8;

/**
 * `backLane`: a lane that the serving side dials, because the other one cannot. `relayed`: half of a connection
 * between two peers that the accepting peer relays.
 */
export type ConnectionKind = 'control' | 'lane' | 'backLane' | 'relayed';

const MAGIC = Buffer.from('SHOAL', 'ascii');
const KINDS: Record<ConnectionKind, number> = { control: 0x43, lane: 0x4c, backLane: 0x42, relayed: 0x52 }; // C L B R

export function encodePreamble(kind: ConnectionKind): Buffer {
  return Buffer.from([...MAGIC, PROTOCOL_VERSION, KINDS[kind], 0]);
}

export interface Preamble {
  readonly kind: ConnectionKind;
  /** Version of the dialling side. */
  readonly version: number;
}

/** Reads the first 8 bytes of a connection; undefined: not our protocol, to be closed without an answer. */
export function decodePreamble(bytes: Uint8Array): Preamble | undefined {
  if (bytes.length !== PREAMBLE_BYTES || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) return undefined;
  const version = bytes[5] ?? 0;
  const kind = (Object.keys(KINDS) as ConnectionKind[]).find((each) => KINDS[each] === bytes[6]);
  return kind === undefined || version === 0 ? undefined : { kind, version };
}

/** The `bye` for a control link of another version, in words that it knows: version 1 knows `protocol` only. */
export function byeToVersion(version: number): ByeReason {
  if (version === 1) return 'protocol';
  return version < PROTOCOL_VERSION ? 'too-old' : 'too-new';
}

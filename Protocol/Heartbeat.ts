import { ByteReader, ByteWriter, boolean, hex, struct, text, uint16, uint32, uint53 } from './Codec.ts';
import { type InstanceId, instanceId, type PeerId, peerId } from './Ids.ts';
import { NAME_BYTES_MAX } from './Limits.ts';

/** The number of the request that comes all the time. */
export const HEARTBEAT = 0x53480001;

/** Who beats: the front of a heartbeat. */
export interface Introduction {
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  /** TCP port; the host is what the tracker sees. */
  readonly port: number;
  readonly name: string;
}

/** "Still here"; the first one is the JOIN. */
export interface Heartbeat extends Introduction {
  /** 0: publishes nothing. */
  readonly catalogVersion: number;
  readonly files: number;
  readonly bytes: number;
  /** Uploads running now. */
  readonly uploads: number;
  /** Shows to this peer that a relayed query comes from this tracker. */
  readonly queryToken: string;
  /** Publishes no catalog and wants to be asked by relay. */
  readonly unlisted: boolean;
}

const front = { peerId, instanceId, port: uint16, name: text(NAME_BYTES_MAX) };
const introduction = struct<Introduction>(front);

export const heartbeat = struct<Heartbeat>({
  ...front,
  catalogVersion: uint32,
  files: uint32,
  bytes: uint53,
  uploads: uint16,
  queryToken: hex(8),
  unlisted: boolean,
});

/** The body of a heartbeat, to keep it: equal values are equal bytes, and the peer id is the first 32 of them. */
export function encodeHeartbeat(beat: Heartbeat): Buffer {
  const out = new ByteWriter();
  heartbeat.write(out, beat);
  return out.finish();
}

/** @param body - from `encodeHeartbeat` */
export function heartbeatOf(body: Buffer): Heartbeat {
  return heartbeat.read(new ByteReader(body));
}

/** @param body - from `encodeHeartbeat` */
export function introductionOf(body: Buffer): Introduction {
  return introduction.read(new ByteReader(body));
}

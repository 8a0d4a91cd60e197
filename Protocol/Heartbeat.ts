import { ByteReader, ByteWriter, boolean, hex, struct, text, uint16, uint32, uint53 } from './Codec.ts';
import { extensible, type HeartbeatExtensions, heartbeatExtensions } from './Extensions.ts';
import { type InstanceId, instanceId, type PeerId, peerId } from './Ids.ts';
import { NAME_BYTES_MAX } from './Limits.ts';

/** Action number of a heartbeat. */
export const HEARTBEAT = 0x53480101;

/** The first fields of a heartbeat: the identity of its sender. */
export interface Introduction {
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  /** TCP port. The host is the source address of the datagram. */
  readonly port: number;
  readonly name: string;
}

/** Registers a peer, and later renews its lease. */
export interface Heartbeat extends Introduction, HeartbeatExtensions {
  /** 0: no catalog. */
  readonly catalogVersion: number;
  readonly files: number;
  readonly bytes: number;
  /** Active uploads. */
  readonly uploads: number;
  /** From the tracker: authenticates this peer's requests. NO_TOKEN before. */
  readonly token: string;
  /** Secret between peer and tracker: authenticates the tracker's queries to the peer. */
  readonly queryToken: string;
  /** The peer publishes no catalog and is searched by relay. */
  readonly unlisted: boolean;
}

const front = { peerId, instanceId, port: uint16, name: text(NAME_BYTES_MAX) };
const introduction = struct<Introduction>(front);

export const heartbeat = extensible<Heartbeat, HeartbeatExtensions>(
  {
    ...front,
    catalogVersion: uint32,
    files: uint32,
    bytes: uint53,
    uploads: uint16,
    token: hex(8),
    queryToken: hex(8),
    unlisted: boolean,
  },
  heartbeatExtensions,
);

/** Encodes a body for storage. Equal values give equal bytes; the first 32 are the peer id. */
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

import {
  ByteReader,
  ByteWriter,
  boolean,
  type Decoded,
  hex,
  struct,
  text,
  uint16,
  uint32,
  uint53,
} from './Codec.ts';
import { extensible, heartbeatExtensions } from './Extensions.ts';
import { instanceId, peerId } from './Ids.ts';
import { NAME_BYTES_MAX } from './Limits.ts';

/** Action number of a heartbeat. */
export const HEARTBEAT = 0x53480101;

/** The first fields of a heartbeat: the identity of its sender. */
const front = {
  peerId,
  instanceId,
  /** TCP port. The host is the source address of the datagram. */
  port: uint16,
  name: text(NAME_BYTES_MAX),
};
const introduction = struct(front);

export type Introduction = Decoded<typeof introduction>;

/** Registers a peer, and later renews its lease. */
export const heartbeat = extensible(
  {
    ...front,
    /** 0: no catalog. */
    catalogVersion: uint32,
    files: uint32,
    bytes: uint53,
    /** Active uploads. */
    uploads: uint16,
    /** From the tracker: authenticates this peer's requests. NO_TOKEN before. */
    token: hex(8),
    /** Secret between peer and tracker: authenticates the tracker's queries to the peer. */
    queryToken: hex(8),
    /** The peer publishes no catalog and is searched by relay. */
    unlisted: boolean,
  },
  heartbeatExtensions,
);

export type Heartbeat = Decoded<typeof heartbeat>;

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

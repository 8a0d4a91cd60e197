import { address } from './AddressCodec.ts';
import { bundledFiles } from './Bundle.ts';
import {
  CHUNK_REQUEST_BYTES,
  CHUNK_REQUEST_TYPE,
  decodeChunkRequest,
  encodeChunkRequest,
} from './ChunkRequest.ts';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Decoded,
  hex,
  list,
  messageSet,
  oneOf,
  optional,
  rest,
  struct,
  text,
  uint8,
  uint16,
  uint32,
  uint53,
} from './Codec.ts';
import { extensible, fileExtensions, helloExtensions } from './Extensions.ts';
import { chunkHash, fileId, instanceId, peerId } from './Ids.ts';
import {
  BITFIELD_PAGE_BYTES,
  FILE_EXTENSIONS_BYTES_MAX,
  HASHES_PER_PAGE,
  NAME_BYTES_MAX,
  OPTIONAL_CONTROL_TYPE,
  OPTIONAL_LANE_TYPE,
  PATH_BYTES_MAX,
  PEER_EXCHANGE_MAX,
  PIECE_BYTES_MAX,
  SEARCH_HITS_PER_PEER_MAX,
  SUGGESTED_MAX,
} from './Limits.ts';
import { listedFile } from './ListedFile.ts';
import { byeReason, refusalCode } from './Reasons.ts';
import { relayedFile, relayQuestion } from './RelayMessages.ts';

export { FEATURES, ownFeatures } from './Features.ts';
export * from './Preamble.ts';
export type { ByeReason, RefusalCode } from './Reasons.ts';

/**
 * TCP between peers. A connection begins with 8 bytes: "SHOAL", the version, the kind, 0.
 * Frames follow: length of the body (4), type (1), body. docs/reference/protocol.md, "Peer".
 */

export const FRAME_HEADER_BYTES = 5;

/** A peer in a peer exchange. */
const exchangedPeer = struct({ peerId, address });
export type ExchangedPeer = Decoded<typeof exchangedPeer>;

/**
 * Chunks that a leecher may request from the suggesting peer besides the suggested ones. `anything`: all. `spread`:
 * those that other peers have too. `nothing`: none while requests to it are pending.
 */
const suggestedRest = oneOf('anything', 'spread', 'nothing');
export type SuggestedRest = Decoded<typeof suggestedRest>;

const hello = extensible(
  {
    version: uint8,
    peerId,
    instanceId,
    name: text(NAME_BYTES_MAX),
    /** Listening TCP port, for dialling back. */
    port: uint16,
    /** Bits of FEATURES; unknown ones are ignored. */
    features: uint32,
  },
  helloExtensions,
);
export type Hello = Decoded<typeof hello>;

const controlMessages = messageSet({
  /** First message of both sides. */
  hello: [1, hello],
  /** Requests the files below a folder ("" = all), by path. `cursor` is 0, then `next` of the previous page. */
  list: [2, struct({ requestId: uint32, folder: text(PATH_BYTES_MAX), cursor: uint32 })],
  listPage: [
    3,
    /** `next` 0: the last page. */
    struct({ requestId: uint32, total: uint32, next: uint32, files: list(listedFile, 1_024) }),
  ],
  describe: [4, struct({ requestId: uint32, fileId, firstChunk: uint32 })],
  description: [
    5,
    struct({
      requestId: uint32,
      size: uint53,
      firstChunk: uint32,
      chunkHashes: list(chunkHash, HASHES_PER_PAGE),
    }),
  ],
  /** Refuses list, describe, laneRequest, offer or query. After `accept`: the accepted download was given up. */
  refused: [6, struct({ requestId: uint32, code: refusalCode })],
  /** Subscribes to a file: its bitfield now, `have` from now on. */
  interested: [7, struct({ fileId })],
  notInterested: [8, struct({ fileId })],
  haveAll: [9, struct({ fileId })],
  /** The sender has nothing of this file (any more). */
  haveNone: [10, struct({ fileId })],
  /** A page of a bitfield: set bits from byte `firstByte` on are added. */
  bitfield: [11, struct({ fileId, firstByte: uint32, bits: rest(BITFIELD_PAGE_BYTES) })],
  have: [12, struct({ fileId, chunks: list(uint32, 4_096) })],
  /** The receiver's requests are queued, at position `place` (1: next) of `of`. */
  queued: [13, struct({ place: uint16, of: uint16 })],
  /** The receiver's requests are being served. */
  serving: [14, struct({})],
  laneRequest: [15, struct({ requestId: uint32 })],
  /** Permits one lane: dial and present this token within LANE_TOKEN_MS. */
  laneGrant: [16, struct({ requestId: uint32, token: hex(16) })],
  /** Peer exchange: peers with all or part of a file; without `fileId`, peers in general. */
  peers: [17, struct({ fileId: optional(fileId), peers: list(exchangedPeer, PEER_EXCHANGE_MAX) })],
  ping: [18, struct({})],
  pong: [19, struct({})],
  bye: [20, struct({ reason: byeReason })],
  /** The tracker that the sender uses, for peers without one. `onMyHost`: it runs on the sender's host. */
  tracker: [21, struct({ address, onMyHost: boolean })],
  /** Offers a file, of which the sender has `chunks` chunks. Answered by `accept` or `refused`. */
  offer: [
    22,
    extensible(
      { requestId: uint32, fileId, size: uint53, path: text(PATH_BYTES_MAX), chunks: uint32 },
      fileExtensions,
      FILE_EXTENSIONS_BYTES_MAX,
    ),
  ],
  /** The offered file is being downloaded. Progress follows as `haveAll`, `bitfield` and `have`. */
  accept: [23, struct({ requestId: uint32 })],
  /** Searches the receiver's share, when no tracker answers. Answered by `hits` or `refused`. */
  query: [24, struct({ requestId: uint32, question: relayQuestion })],
  /** Matching files of the sender, best first. */
  hits: [25, struct({ requestId: uint32, files: list(relayedFile, SEARCH_HITS_PER_PEER_MAX) })],
  /**
   * Suggests chunks to request first from the sender, which suggests them to no other peer. Replaces earlier
   * suggestions for the file. Advisory. Only to peers with the feature `suggests`.
   */
  suggest: [26, struct({ fileId, rest: suggestedRest, chunks: list(uint32, SUGGESTED_MAX) })],
  /**
   * Requests a lane that the receiver dials: a `backLane` to the host of this link and the port of the sender's
   * hello, with this token. Answered by `dialled` or `refused`. Only to peers with `acceptsDialBack`, as the next
   * two.
   */
  dialLane: [128, struct({ requestId: uint32, token: hex(16) })],
  /** The requested connection is open; the request was passed on. */
  dialled: [129, struct({ requestId: uint32 })],
  /** Requests that a peer linked to the receiver dials the sender. Answered by `dialled` or `refused`. */
  callPeer: [130, struct({ requestId: uint32, peerId })],
  /** Passed on: this peer cannot connect to the receiver and asks to be dialled. Not answered. */
  called: [131, struct({ peerId, address })],
  /** Requests a test whether the receiver can dial the sender. Answered by `dialled` or `refused`. */
  testDial: [132, struct({ requestId: uint32 })],
  /**
   * Requests a connection to that peer through the receiver, which passes on the bytes of both. Answered by
   * `relayGrant` or `refused`. Only to peers with `relays`.
   */
  relayTo: [133, struct({ requestId: uint32, peerId })],
  /** Permits one `relayed` connection: dial and present this token within LANE_TOKEN_MS. */
  relayGrant: [134, struct({ requestId: uint32, token: hex(16) })],
  /**
   * The named peer requests a connection through the sender: dial the sender, present the token, and accept what
   * follows like an incoming connection. `address`: that of the peer, as the sender sees it. Not answered.
   */
  relayedBy: [135, struct({ token: hex(16), peerId, address })],
  /** This chunk of the receiver failed verification. It may verify the chunk on its disk. Not answered. */
  corrupt: [136, struct({ fileId, chunk: uint32 })],
});

const laneMessages = messageSet({
  /** First frame of the dialling side. */
  token: [64, struct({ token: hex(16) })],
  request: [65, struct({ id: uint32, fileId, chunk: uint32 })],
  /**
   * Bytes of a chunk in order, up to PIECE_BYTES_MAX per frame. The pieces of one chunk are consecutive; another
   * chunk begins after the last piece or a `reject`. The receiver reads the body into the chunk's buffer without
   * decoding.
   */
  data: [66, struct({ id: uint32, bytes: rest(PIECE_BYTES_MAX) })],
  /** Ends a request without (further) bytes. */
  reject: [67, struct({ id: uint32, code: refusalCode })],
  /** Cancels a request. Answered by `reject` (cancelled) unless the last byte was sent already. */
  cancel: [68, struct({ id: uint32 })],
  /** Requests whole files of one chunk each. Answered by one run of `data` (see `bundleBytes`), or `reject`. */
  bundle: [69, struct({ id: uint32, files: bundledFiles })],
  /** Joins the queue without a request. The request follows on `turn`. */
  lineUp: [70, struct({})],
  /** The turn of a queued peer: it may request about `bytes` now. TURN_UNLIMITED: the queue is empty. */
  turn: [71, struct({ bytes: uint32 })],
  /** Gives up a turn: nothing to request. */
  pass: [72, struct({})],
  /** Cancels a request unless it is being served. */
  withdraw: [73, struct({ id: uint32 })],
});

export type ControlMessage = ReturnType<(typeof controlMessages)['readBody']>;
export type LaneMessage = ReturnType<(typeof laneMessages)['readBody']>;
export type ControlOf<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;
export type LaneOf<T extends LaneMessage['type']> = Extract<LaneMessage, { type: T }>;

/** Type of the `data` frame, whose bytes the receiver reads directly into chunk buffers. */
export const LANE_DATA_TYPE = 66;
/** Bytes before the payload of a data frame: frame header and request id. */
export const LANE_DATA_HEADER_BYTES = FRAME_HEADER_BYTES + 4;

function encodeFrame<M>(
  set: { tagOf(message: M): number; writeBody(out: ByteWriter, message: M): void },
  message: M,
): Buffer {
  const out = new ByteWriter();
  out.reserve(FRAME_HEADER_BYTES);
  set.writeBody(out, message);
  const frame = out.finish();
  frame.writeUInt32BE(frame.length - FRAME_HEADER_BYTES, 0);
  frame.writeUInt8(set.tagOf(message), 4);
  return frame;
}

export function encodeControl(message: ControlMessage): Buffer {
  return encodeFrame(controlMessages, message);
}

/** @returns undefined for a message of a later version that may be skipped. @throws ShoalError BAD_FRAME */
export function decodeControl(type: number, body: Uint8Array): ControlMessage | undefined {
  if (type >= OPTIONAL_CONTROL_TYPE && !controlMessages.has(type)) return undefined;
  return controlMessages.readBody(type, new ByteReader(body));
}

export function encodeLane(message: LaneMessage): Buffer {
  if (message.type !== 'request') return encodeFrame(laneMessages, message);
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + CHUNK_REQUEST_BYTES);
  frame.writeUInt32BE(CHUNK_REQUEST_BYTES, 0);
  frame.writeUInt8(CHUNK_REQUEST_TYPE, 4);
  encodeChunkRequest(message, frame, FRAME_HEADER_BYTES);
  return frame;
}

/** @returns undefined for a message of a later version that may be skipped. @throws ShoalError BAD_FRAME */
export function decodeLane(type: number, body: Uint8Array): LaneMessage | undefined {
  if (type >= OPTIONAL_LANE_TYPE && !laneMessages.has(type)) return undefined;
  if (type === CHUNK_REQUEST_TYPE && body.length === CHUNK_REQUEST_BYTES) return decodeChunkRequest(body);
  return laneMessages.readBody(type, new ByteReader(body));
}

/**
 * The headers of data frames, one after the other: `payloads[n]` bytes of chunk data for request `ids[n]`. Separate, so
 * that the data need not be copied.
 */
export function encodeDataHeaders(ids: readonly number[], payloads: readonly number[]) {
  const headers = new Uint8Array(ids.length * LANE_DATA_HEADER_BYTES);
  const view = new DataView(headers.buffer);
  for (const [index, id] of ids.entries()) {
    const at = index * LANE_DATA_HEADER_BYTES;
    view.setUint32(at, (payloads[index] ?? 0) + 4);
    view.setUint8(at + 4, LANE_DATA_TYPE);
    view.setUint32(at + FRAME_HEADER_BYTES, id);
  }
  return headers;
}

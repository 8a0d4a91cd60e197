import type { Address } from '../Shared/Address.ts';
import { address } from './AddressCodec.ts';
import { type BundledFile, bundledFiles } from './Bundle.ts';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
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
import {
  type ChunkHash,
  chunkHash,
  type FileId,
  fileId,
  type InstanceId,
  instanceId,
  type PeerId,
  peerId,
} from './Ids.ts';
import {
  BITFIELD_PAGE_BYTES,
  HASHES_PER_PAGE,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  PEER_EXCHANGE_MAX,
  PIECE_BYTES_MAX,
  SEARCH_HITS_PER_PEER_MAX,
  SUGGESTED_MAX,
} from './Limits.ts';
import { type ListedFile, listedFile } from './ListedFile.ts';
import { type RelayedFile, type RelayQuestion, relayedFile, relayQuestion } from './RelayMessages.ts';

export { FEATURES, ownFeatures } from './Features.ts';

/**
 * TCP between peers. A connection opens with 8 bytes: "SHOAL", the version, the kind, 0.
 * Then frames: length of the body (4), type (1), body. docs/reference/protocol.md, "Peer".
 */

export const PROTOCOL_VERSION = 1;
export const PREAMBLE_BYTES = 8;
export const FRAME_HEADER_BYTES = 5;

export type ConnectionKind = 'control' | 'lane';

const MAGIC = Buffer.from('SHOAL', 'ascii');
const KINDS: Record<ConnectionKind, number> = { control: 0x43, lane: 0x4c }; // 'C', 'L'

export function encodePreamble(kind: ConnectionKind): Buffer {
  return Buffer.from([...MAGIC, PROTOCOL_VERSION, KINDS[kind], 0]);
}

/** The kind a connection announces in its first 8 bytes; undefined: not ours, to be closed without a word. */
export function decodePreamble(bytes: Uint8Array): ConnectionKind | undefined {
  if (bytes.length !== PREAMBLE_BYTES || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) return undefined;
  if (bytes[5] !== PROTOCOL_VERSION) return undefined;
  return bytes[6] === KINDS.control ? 'control' : bytes[6] === KINDS.lane ? 'lane' : undefined;
}

/** A peer told of in peer exchange. */
export interface ExchangedPeer {
  readonly peerId: PeerId;
  readonly address: Address;
}

/**
 * Why a request was not fulfilled. `changed`: the file is no longer what was hashed; nobody's fault. `already-have`: an offer
 * of what is there. `unanswered`: an offer that nobody said yes or no to in time.
 */
export type RefusalCode =
  | 'not-found'
  | 'changed'
  | 'busy'
  | 'denied'
  | 'failed'
  | 'cancelled'
  | 'already-have'
  | 'unanswered';
const refusalCode: Codec<RefusalCode> = oneOf(
  'not-found',
  'changed',
  'busy',
  'denied',
  'failed',
  'cancelled',
  'already-have',
  'unanswered',
);

/** Why a link ends. */
export type ByeReason = 'closing' | 'duplicate' | 'self' | 'idle' | 'protocol' | 'banned' | 'full';
const byeReason: Codec<ByeReason> = oneOf(
  'closing',
  'duplicate',
  'self',
  'idle',
  'protocol',
  'banned',
  'full',
);

/**
 * What a leecher may ask of who suggests, beside what is suggested. `anything`: as it likes. `spread`: what others than the suggesting
 * peer have too. `nothing`: no more while requests are open there.
 */
export type SuggestedRest = 'anything' | 'spread' | 'nothing';
const suggestedRest: Codec<SuggestedRest> = oneOf('anything', 'spread', 'nothing');

const exchangedPeer: Codec<ExchangedPeer> = struct<ExchangedPeer>({ peerId, address });

export interface Hello {
  readonly version: number;
  readonly peerId: PeerId;
  readonly instanceId: InstanceId;
  readonly name: string;
  /** The TCP port this peer listens on, for dialling back. */
  readonly port: number;
  /** What this peer can do beyond the first version (FEATURES); unknown bits are ignored. */
  readonly features: number;
}

const controlMessages = messageSet({
  /** First message of both sides. */
  hello: [
    1,
    struct<Hello>({
      version: uint8,
      peerId,
      instanceId,
      name: text(NAME_BYTES_MAX),
      port: uint16,
      features: uint32,
    }),
  ],
  /** Files below a folder ("" = all), in order of path; `cursor` 0 first, then `next`. */
  list: [
    2,
    struct<{ requestId: number; folder: string; cursor: number }>({
      requestId: uint32,
      folder: text(PATH_BYTES_MAX),
      cursor: uint32,
    }),
  ],
  listPage: [
    3,
    /** `next` 0: the last page. */
    struct<{ requestId: number; total: number; next: number; files: readonly ListedFile[] }>({
      requestId: uint32,
      total: uint32,
      next: uint32,
      files: list(listedFile, 1_024),
    }),
  ],
  describe: [
    4,
    struct<{ requestId: number; fileId: FileId; firstChunk: number }>({
      requestId: uint32,
      fileId,
      firstChunk: uint32,
    }),
  ],
  description: [
    5,
    struct<{ requestId: number; size: number; firstChunk: number; chunkHashes: readonly ChunkHash[] }>({
      requestId: uint32,
      size: uint53,
      firstChunk: uint32,
      chunkHashes: list(chunkHash, HASHES_PER_PAGE),
    }),
  ],
  /** Answer to list, describe, laneRequest, offer or query. After `accept`: the accepted file will not come to its end. */
  refused: [6, struct<{ requestId: number; code: RefusalCode }>({ requestId: uint32, code: refusalCode })],
  /** Asks for the bitfield of a file now, and `have` from now on. */
  interested: [7, struct<{ fileId: FileId }>({ fileId })],
  notInterested: [8, struct<{ fileId: FileId }>({ fileId })],
  haveAll: [9, struct<{ fileId: FileId }>({ fileId })],
  /** Not shared, or no longer: forget what you know of it. */
  haveNone: [10, struct<{ fileId: FileId }>({ fileId })],
  /** A page of a bitfield: bits from byte `firstByte` on. Pages add up. */
  bitfield: [
    11,
    struct<{ fileId: FileId; firstByte: number; bits: Uint8Array }>({
      fileId,
      firstByte: uint32,
      bits: rest(BITFIELD_PAGE_BYTES),
    }),
  ],
  have: [12, struct<{ fileId: FileId; chunks: readonly number[] }>({ fileId, chunks: list(uint32, 4_096) })],
  /** Your requests wait; `place` is 1 for the next one, of `of` who wait. */
  queued: [13, struct<{ place: number; of: number }>({ place: uint16, of: uint16 })],
  /** Your requests are being served. */
  serving: [14, struct<object>({})],
  laneRequest: [15, struct<{ requestId: number }>({ requestId: uint32 })],
  /** Dial me and show this token, once, within 10 s. */
  laneGrant: [16, struct<{ requestId: number; token: string }>({ requestId: uint32, token: hex(16) })],
  /** Others that have (part of) a file, or, without one, peers in general. */
  peers: [
    17,
    struct<{ fileId: FileId | undefined; peers: readonly ExchangedPeer[] }>({
      fileId: optional(fileId),
      peers: list(exchangedPeer, PEER_EXCHANGE_MAX),
    }),
  ],
  ping: [18, struct<object>({})],
  pong: [19, struct<object>({})],
  bye: [20, struct<{ reason: ByeReason }>({ reason: byeReason })],
  /** Where a tracker is that I use: for those who have none. `reachedAt` undefined: on my own host. */
  tracker: [21, struct<{ address: Address; onMyHost: boolean }>({ address, onMyHost: boolean })],
  /** Take this file, or the `chunks` chunks of it that I have. Answered by `accept` or `refused`. */
  offer: [
    22,
    struct<{ requestId: number; fileId: FileId; size: number; path: string; chunks: number }>({
      requestId: uint32,
      fileId,
      size: uint53,
      path: text(PATH_BYTES_MAX),
      chunks: uint32,
    }),
  ],
  /** I am fetching what you offered; what I have of it, and each chunk that comes, is told by `haveAll`, `bitfield`, `have`. */
  accept: [23, struct<{ requestId: number }>({ requestId: uint32 })],
  /** What do you share that has these words, or this content? Asked when no tracker answers. Answered by `hits` or `refused`. */
  query: [
    24,
    struct<{ requestId: number; question: RelayQuestion }>({ requestId: uint32, question: relayQuestion }),
  ],
  /** My files that match, the best first. */
  hits: [
    25,
    struct<{ requestId: number; files: readonly RelayedFile[] }>({
      requestId: uint32,
      files: list(relayedFile, SEARCH_HITS_PER_PEER_MAX),
    }),
  ],
  /**
   * Ask me for these first: I give them to nobody else. Takes the place of earlier suggestions of that file; meant well,
   * binding for nobody. Only to those with the feature.
   */
  suggest: [
    26,
    struct<{ fileId: FileId; rest: SuggestedRest; chunks: readonly number[] }>({
      fileId,
      rest: suggestedRest,
      chunks: list(uint32, SUGGESTED_MAX),
    }),
  ],
});

const laneMessages = messageSet({
  /** First frame of the side that dialled. */
  token: [64, struct<{ token: string }>({ token: hex(16) })],
  request: [65, struct<{ id: number; fileId: FileId; chunk: number }>({ id: uint32, fileId, chunk: uint32 })],
  /**
   * Raw bytes of a chunk, up to 1 MiB a frame, in order. The pieces of one chunk follow each other; another chunk
   * begins only when one is whole or was rejected. On the receiving side the body is not decoded: see laneHeader.
   */
  data: [66, struct<{ id: number; bytes: Uint8Array }>({ id: uint32, bytes: rest(PIECE_BYTES_MAX) })],
  /** The end of a request that gets no (more) bytes. */
  reject: [67, struct<{ id: number; code: RefusalCode }>({ id: uint32, code: refusalCode })],
  /** No longer wanted. Answered by `reject` (cancelled) unless the last byte is already under way. */
  cancel: [68, struct<{ id: number }>({ id: uint32 })],
  /** Asks for whole files of one chunk. The answer are the pieces of one run of bytes, see `bundleBytes`; or `reject`. */
  bundle: [69, struct<{ id: number; files: readonly BundledFile[] }>({ id: uint32, files: bundledFiles })],
  /** Keep a place in the queue: what is to be sent is said when it is our turn. */
  lineUp: [70, struct<object>({})],
  /** It is the turn of a side that lined up: ask for about so many bytes now; TURN_UNLIMITED: nobody else waits. */
  turn: [71, struct<{ bytes: number }>({ bytes: uint32 })],
  /** There is nothing to ask for: the turn may go to the next. */
  pass: [72, struct<object>({})],
  /** As `cancel`, unless its turn has come: then its bytes are welcome. */
  withdraw: [73, struct<{ id: number }>({ id: uint32 })],
});

export type ControlMessage = ReturnType<(typeof controlMessages)['readBody']>;
export type LaneMessage = ReturnType<(typeof laneMessages)['readBody']>;
export type ControlOf<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;
export type LaneOf<T extends LaneMessage['type']> = Extract<LaneMessage, { type: T }>;

/** Number of the `data` frame: the receiver reads its bytes straight into chunk buffers. */
export const LANE_DATA_TYPE = 66;
/** Bytes in front of the payload of a data frame: frame header and request id. */
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

/** @throws ShoalError BAD_FRAME */
export function decodeControl(type: number, body: Uint8Array): ControlMessage {
  return controlMessages.readBody(type, new ByteReader(body));
}

export function encodeLane(message: LaneMessage): Buffer {
  return encodeFrame(laneMessages, message);
}

/** @throws ShoalError BAD_FRAME */
export function decodeLane(type: number, body: Uint8Array): LaneMessage {
  return laneMessages.readBody(type, new ByteReader(body));
}

/** The 9 bytes in front of `payloadBytes` of chunk data, so that the sender never copies the data itself. */
export function encodeDataHeader(id: number, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(LANE_DATA_HEADER_BYTES);
  header.writeUInt32BE(payloadBytes + 4, 0);
  header.writeUInt8(LANE_DATA_TYPE, 4);
  header.writeUInt32BE(id, 5);
  return header;
}

import type { Address } from '../Shared/Address.ts';
import { address } from './AddressCodec.ts';
import {
  ByteReader,
  ByteWriter,
  badFrame,
  boolean,
  hex,
  list,
  messageSet,
  oneOf,
  optional,
  struct,
  text,
  uint16,
  uint32,
  uint53,
} from './Codec.ts';
import { HEARTBEAT, heartbeat } from './Heartbeat.ts';
import { type FileId, fileId, type InstanceId, instanceId, type PeerId, peerId } from './Ids.ts';
import { PATH_BYTES_MAX, QUERY_BYTES_MAX, RELAYED_FILES_MAX } from './Limits.ts';
import {
  type AnswerPart,
  type RelayedFile,
  type RelayQuestion,
  relayedFile,
  relayQuestion,
} from './RelayMessages.ts';
import {
  type Hit,
  type Holder,
  hit,
  holder,
  type ListedPeer,
  listedPeer,
  type PublishedEntry,
  publishedEntry,
} from './TrackerItems.ts';

export * from './TrackerItems.ts';

/**
 * UDP between peers and tracker, framed as in the BitTorrent UDP tracker protocol (BEP 15).
 * A request is: connection id (8), action (4), transaction id (4), body. A reply: action (4), transaction id (4), body.
 * docs/reference/protocol.md, "Tracker".
 */

/** The connection id of a `connect` request (BEP 15). */
export const CONNECT_ID = '0000041727101980';

const answerPart = oneOf('whole', 'index', 'relayed', 'last');

/** What a peer asks. Numbers from 0x53480000 up are ours; `connect` is BEP 15's. */
const requests = messageSet({
  connect: [0, struct<object>({})],
  /** "Still here"; the first one is the JOIN. */
  heartbeat: [HEARTBEAT, heartbeat],
  leave: [0x53480002, struct<{ peerId: PeerId; instanceId: InstanceId }>({ peerId, instanceId })],
  /** A page of a catalog version, or of its difference from `base`. */
  publish: [
    0x53480003,
    struct<{
      peerId: PeerId;
      instanceId: InstanceId;
      version: number;
      /** The version these entries change; 0: this is the whole catalog. */
      base: number;
      /** 0-based, of `pages`. */
      page: number;
      pages: number;
      entries: readonly PublishedEntry[];
    }>({
      peerId,
      instanceId,
      version: uint32,
      base: uint32,
      page: uint32,
      pages: uint32,
      entries: list(publishedEntry, 64),
    }),
  ],
  /** Words, all of which must match. `cursor` 0 first, then `next` of the page before. */
  search: [
    0x53480004,
    struct<{ words: string; cursor: number }>({ words: text(QUERY_BYTES_MAX), cursor: uint32 }),
  ],
  /** Holders of one file, partial ones too. */
  locate: [0x53480005, struct<{ fileId: FileId; cursor: number }>({ fileId, cursor: uint32 })],
  peers: [0x53480006, struct<{ cursor: number }>({ cursor: uint32 })],
  /** Peers that share something below a folder (exact path from the root of their share, no slash at the end). */
  folder: [
    0x53480007,
    struct<{ path: string; cursor: number }>({ path: text(PATH_BYTES_MAX), cursor: uint32 }),
  ],
  /** Answer to the tracker's `query`: files of this peer, as many as a datagram takes. Not acknowledged. */
  hit: [
    0x53480009,
    struct<{ relay: number; files: readonly RelayedFile[] }>({
      relay: uint32,
      files: list(relayedFile, RELAYED_FILES_MAX),
    }),
  ],
  /** Answer to the tracker's `query`: nothing here. Not acknowledged. */
  miss: [0x5348000a, struct<{ relay: number }>({ relay: uint32 })],
  /** "Which TCP port may I take?", before the first heartbeat. */
  assignPort: [0x5348000b, struct<object>({})],
});

/** What a tracker answers. */
const replies = messageSet({
  connected: [0, struct<{ connectionId: string }>({ connectionId: hex(8) })],
  alive: [
    0x53480001,
    struct<{
      trackerInstance: InstanceId;
      /** When the next heartbeat is due. */
      intervalMs: number;
      /** Where the tracker sees this peer (host) and the TCP port it hands out. */
      observed: Address;
      /** The catalog version the tracker holds of this peer; 0: none. */
      heldVersion: number;
      peers: number;
      /** Where to go when this tracker is about to close. */
      successor: Address | undefined;
      /** This tracker holds no catalogs and asks by relay: there is nothing to publish. */
      relayOnly: boolean;
    }>({
      trackerInstance: instanceId,
      intervalMs: uint32,
      observed: address,
      heldVersion: uint32,
      peers: uint32,
      successor: optional(address),
      relayOnly: boolean,
    }),
  ],
  left: [0x53480002, struct<object>({})],
  published: [
    0x53480003,
    struct<{ version: number; page: number; heldVersion: number }>({
      version: uint32,
      page: uint32,
      heldVersion: uint32,
    }),
  ],
  found: [
    0x53480004,
    /** `next` 0: the last page of the index. `asked`: peers asked by relay. */
    struct<{ total: number; next: number; asked: number; part: AnswerPart; hits: readonly Hit[] }>({
      total: uint32,
      next: uint32,
      asked: uint32,
      part: answerPart,
      hits: list(hit, 32),
    }),
  ],
  located: [
    0x53480005,
    struct<{
      total: number;
      next: number;
      asked: number;
      part: AnswerPart;
      size: number;
      holders: readonly Holder[];
    }>({
      total: uint32,
      next: uint32,
      asked: uint32,
      part: answerPart,
      /** 0 when nobody has it. */
      size: uint53,
      holders: list(holder, 64),
    }),
  ],
  peerList: [
    0x53480006,
    /** Answer to `peers` and to `folder`. */
    struct<{ total: number; next: number; peers: readonly ListedPeer[] }>({
      total: uint32,
      next: uint32,
      peers: list(listedPeer, 64),
    }),
  ],
  /** Unasked, transaction 0: this tracker closes and names another. */
  moved: [
    0x53480008,
    struct<{ trackerInstance: InstanceId; successor: Address; onTrackerHost: boolean }>({
      trackerInstance: instanceId,
      successor: address,
      onTrackerHost: boolean,
    }),
  ],
  /** Unasked, transaction 0: has this peer something of the kind? `queryToken` is the one of its heartbeat. */
  query: [
    0x53480009,
    struct<{ queryToken: string; relay: number; question: RelayQuestion }>({
      queryToken: hex(8),
      relay: uint32,
      question: relayQuestion,
    }),
  ],
  assigned: [0x5348000b, struct<{ port: number }>({ port: uint16 })],
  /** Why a request was not served. Never larger than the request. */
  refused: [
    0x534800ff,
    struct<{ reason: RefusalReason }>({
      reason: oneOf('bad-cookie', 'unknown-peer', 'wrong-owner', 'full', 'too-many', 'bad-request'),
    }),
  ],
});

export type RefusalReason =
  | 'bad-cookie'
  | 'unknown-peer'
  | 'wrong-owner'
  | 'full'
  | 'too-many'
  | 'bad-request';

type RequestSet = typeof requests;
type ReplySet = typeof replies;
export type TrackerRequest = ReturnType<RequestSet['readBody']>;
export type TrackerReply = ReturnType<ReplySet['readBody']>;
export type RequestOf<T extends TrackerRequest['type']> = Extract<TrackerRequest, { type: T }>;
export type ReplyOf<T extends TrackerReply['type']> = Extract<TrackerReply, { type: T }>;
/** The part of a request in front of its body. */
export interface RequestHeader {
  readonly connectionId: string;
  readonly action: number;
  readonly transactionId: number;
}

const connectionIdCodec = hex(8);

export function encodeRequest(connectionId: string, transactionId: number, request: TrackerRequest): Buffer {
  const out = new ByteWriter();
  connectionIdCodec.write(out, request.type === 'connect' ? CONNECT_ID : connectionId);
  uint32.write(out, requests.tagOf(request));
  uint32.write(out, transactionId);
  requests.writeBody(out, request);
  return out.finish();
}

/** Only the first 16 bytes, so that the cookie is checked before anything else is read. @throws ShoalError BAD_FRAME */
export function decodeRequestHeader(input: ByteReader): RequestHeader {
  return {
    connectionId: connectionIdCodec.read(input),
    action: uint32.read(input),
    transactionId: uint32.read(input),
  };
}

/** Whether a request has this number: anything else is not meant for us. */
export function isRequestAction(action: number): boolean {
  return requests.has(action);
}

/** The rest, behind the header. @throws ShoalError BAD_FRAME */
export function decodeRequestBody(action: number, input: ByteReader): TrackerRequest {
  return requests.readBody(action, input);
}

/** Enough for `alive` without a successor. */
const ALIVE_BYTES = 48;

/** Our tag numbers of replies equal those of the requests, but `folder` is answered by `peerList`. */
export function encodeReply(transactionId: number, reply: TrackerReply): Buffer {
  // Most answers are to heartbeats, and small: less garbage.
  const out = new ByteWriter(reply.type === 'alive' ? ALIVE_BYTES : undefined);
  uint32.write(out, replies.tagOf(reply));
  uint32.write(out, transactionId);
  replies.writeBody(out, reply);
  return out.finish();
}

/** @throws ShoalError BAD_FRAME */
export function decodeReply(bytes: Uint8Array): { transactionId: number; reply: TrackerReply } {
  const input = new ByteReader(bytes);
  const action = uint32.read(input);
  const transactionId = uint32.read(input);
  if (!replies.has(action)) throw badFrame(`no reply has the number ${action}`);
  return { transactionId, reply: replies.readBody(action, input) };
}

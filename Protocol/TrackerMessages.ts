import { address } from './AddressCodec.ts';
import {
  ByteReader,
  ByteWriter,
  badFrame,
  boolean,
  hex,
  list,
  messageSet,
  oneOfOrOther,
  optional,
  struct,
  text,
  uint16,
  uint32,
} from './Codec.ts';
import { aliveExtensions, extensible } from './Extensions.ts';
import { HEARTBEAT, heartbeat } from './Heartbeat.ts';
import { fileId, instanceId, peerId } from './Ids.ts';
import { PATH_BYTES_MAX, QUERY_BYTES_MAX, RELAYED_FILES_MAX } from './Limits.ts';
import { relayedFile, relayQuestion } from './RelayMessages.ts';
import { found, located, members, peerList } from './TrackerAnswers.ts';
import { publishedEntry } from './TrackerItems.ts';

export * from './TrackerItems.ts';

/**
 * UDP between peers and tracker, framed as in the BitTorrent UDP tracker protocol (BEP 15).
 * A request is: connection id (8), action (4), transaction id (4), body. A reply: action (4), transaction id (4), body.
 * docs/reference/protocol.md, "Tracker".
 */

/** The connection id of a `connect` request (BEP 15). */
export const CONNECT_ID = '0000041727101980';

/** Number of `refused`, the same in every version: a peer of any version reads why it is not served. */
const REFUSED = 0x534800ff;
/** First half of all numbers but those of BEP 15, in every version. */
const FAMILY = 0x5348;

/** Requests of peers. Numbers from 0x53480100 up are ours; `connect` is BEP 15's. */
const requests = messageSet({
  connect: [0, struct({})],
  heartbeat: [HEARTBEAT, heartbeat],
  leave: [0x53480102, struct({ peerId, instanceId, token: hex(8) })],
  /** A page of a catalog version, or of its difference from version `base`. */
  publish: [
    0x53480103,
    struct({
      peerId,
      instanceId,
      token: hex(8),
      version: uint32,
      /** The version that the entries change; 0: a whole catalog. */
      base: uint32,
      /** 0-based, of `pages`. */
      page: uint32,
      pages: uint32,
      entries: list(publishedEntry, 64),
    }),
  ],
  /** Searches for words, all of which must match. `cursor` is 0, then `next` of the previous page. */
  search: [0x53480104, struct({ words: text(QUERY_BYTES_MAX), cursor: uint32 })],
  /** Lists the holders of a file, partial ones too. */
  locate: [0x53480105, struct({ fileId, cursor: uint32 })],
  peers: [0x53480106, struct({ cursor: uint32 })],
  /** Lists peers with a file below a folder (exact path from the root of the share, no trailing slash). */
  folder: [0x53480107, struct({ path: text(PATH_BYTES_MAX), cursor: uint32 })],
  /** Answers the tracker's `query` with files that fit one datagram. Not acknowledged. */
  hit: [0x53480109, struct({ token: hex(8), relay: uint32, files: list(relayedFile, RELAYED_FILES_MAX) })],
  /** Answers the tracker's `query`: no match. Not acknowledged. */
  miss: [0x5348010a, struct({ token: hex(8), relay: uint32 })],
  /** Requests a free TCP port, before the first heartbeat. */
  assignPort: [0x5348010b, struct({})],
  /** Requests that the tracker asks a registered peer to dial the sender, which must be registered too. */
  call: [0x53480110, struct({ target: peerId })],
  /** Lists some peers that relay connections. Answered by `peerList`. */
  relays: [0x53480112, struct({})],
  /** Lists the trackers of the cluster that the receiver belongs to. `cursor` as in `search`. */
  cluster: [0x53480113, struct({ cursor: uint32 })],
});

/** Replies of the tracker, and its own messages. */
const replies = messageSet({
  connected: [0, struct({ connectionId: hex(8) })],
  alive: [
    0x53480101,
    extensible(
      {
        trackerInstance: instanceId,
        /** Time until the next heartbeat. */
        intervalMs: uint32,
        /** The peer's address for others: host as seen by the tracker, and TCP port. */
        observed: address,
        /** The complete catalog version held of this peer; 0: none. */
        heldVersion: uint32,
        peers: uint32,
        /** Another tracker to use, when this one closes. */
        successor: optional(address),
        /** The tracker holds no catalogs and relays searches: publish nothing. */
        relayOnly: boolean,
      },
      aliveExtensions,
    ),
  ],
  left: [0x53480102, struct({})],
  published: [0x53480103, struct({ version: uint32, page: uint32, heldVersion: uint32 })],
  found: [0x53480104, found],
  located: [0x53480105, located],
  peerList: [0x53480106, peerList],
  /**
   * Unsolicited, transaction 0: the tracker closes and refers to another. `queryToken` is that of the peer's
   * heartbeat.
   */
  moved: [
    0x53480108,
    struct({ queryToken: hex(8), trackerInstance: instanceId, successor: address, onTrackerHost: boolean }),
  ],
  /** Unsolicited, transaction 0: asks a peer for matching files. `queryToken` is that of its heartbeat. */
  query: [0x53480109, struct({ queryToken: hex(8), relay: uint32, question: relayQuestion })],
  assigned: [0x5348010b, struct({ port: uint16 })],
  /** Answers a heartbeat without a valid token: the peer has to prove its key to this instance of the tracker. */
  unproven: [0x5348010c, struct({ trackerInstance: instanceId })],
  /** The peer was asked once; its dial is not confirmed. */
  calling: [0x53480110, struct({})],
  /** Unsolicited, transaction 0: the named peer cannot connect to the receiver, and asks to be dialled. */
  called: [0x53480111, struct({ queryToken: hex(8), peerId, address, onTrackerHost: boolean })],
  members: [0x53480113, members],
  /** The request was not served. Never larger than the request. */
  refused: [
    REFUSED,
    struct({
      reason: oneOfOrOther(
        'bad-cookie',
        'unknown-peer',
        'wrong-owner',
        'full',
        'too-many',
        'bad-request',
        'too-old',
        'bad-proof',
        'clock-ahead',
      ),
    }),
  ],
});

/**
 * `bad-request`: malformed, or unknown to an older tracker. `too-old`: of a version that a newer tracker no longer
 * serves. `bad-proof`: the signature is not that of the peer's key. `clock-ahead`: the instance id is from the
 * future.
 */
export type RefusalReason = ReplyOf<'refused'>['reason'];

type RequestSet = typeof requests;
type ReplySet = typeof replies;
export type TrackerRequest = ReturnType<RequestSet['readBody']>;
export type TrackerReply = ReturnType<ReplySet['readBody']>;
export type RequestOf<T extends TrackerRequest['type']> = Extract<TrackerRequest, { type: T }>;
export type ReplyOf<T extends TrackerReply['type']> = Extract<TrackerReply, { type: T }>;

/** Header of a request. */
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

/** Reads the first 16 bytes only: the cookie is checked before the body is decoded. @throws ShoalError BAD_FRAME */
export function decodeRequestHeader(input: ByteReader): RequestHeader {
  return {
    connectionId: connectionIdCodec.read(input),
    action: uint32.read(input),
    transactionId: uint32.read(input),
  };
}

/** Whether this may be the number of a request, of any version. */
export function isRequestAction(action: number): boolean {
  return action >>> 16 === FAMILY || requests.has(action);
}

/** Whether a request can be encoded: no text in it is too long. */
export function isEncodable(request: TrackerRequest): boolean {
  try {
    requests.writeBody(new ByteWriter(), request);
    return true;
  } catch (failure) {
    if (failure instanceof RangeError) return false;
    throw failure;
  }
}

/** Kind of a request by its action; undefined: none of this version. */
export function requestTypeOf(action: number): string | undefined {
  return requests.typeOf(action);
}

/** Kind of a reply, or of a message of the tracker, by its number; undefined: none of this version. */
export function replyTypeOf(action: number): string | undefined {
  return replies.typeOf(action);
}

/** Reads the body after the header. @throws ShoalError BAD_FRAME */
export function decodeRequestBody(action: number, input: ByteReader): TrackerRequest {
  return requests.readBody(action, input);
}

/** Size of `alive` without a successor and extensions. */
const ALIVE_BYTES = 49;

/** Encodes a reply. Its number is that of the request, except that `peerList` answers `folder` and `relays`. */
export function encodeReply(transactionId: number, reply: TrackerReply): Buffer {
  // A small buffer for the most frequent reply makes less garbage.
  const isShort = reply.type === 'alive' && reply.cluster === undefined;
  const out = new ByteWriter(isShort ? ALIVE_BYTES : undefined);
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

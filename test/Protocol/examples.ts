import type { ChunkHash, FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import type { ControlMessage, LaneMessage } from '../../Protocol/PeerMessages.ts';
import type { Holder, TrackerReply, TrackerRequest } from '../../Protocol/TrackerMessages.ts';

/**
 * The values of the golden bytes in test/Golden, one for each message: a message without an example does not compile.
 */

type Examples<M extends { type: string }> = { [T in M['type']]: Extract<M, { type: T }> };

const peerId = counted(0x01) as PeerId;
const fileId = counted(0x40) as FileId;
const instanceId = '018bcfe56800beef' as InstanceId;
const token = 'd0d1d2d3d4d5d6d7d8d9dadbdcdddedf';
const peerToken = 'a1a2a3a4a5a6a7a8';
const requestId = 0x0102_0304;

/** 32 bytes that increase by one from the first, as hex. */
function counted(first: number): string {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('hex');
}

/** Both extensions of a file. */
const file = { modifiedMs: 1_700_000_000_000, executable: true } as const;

const holder: Holder = {
  peerId,
  name: 'Café',
  address: { host: '10.0.0.7', port: 9_001 },
  onTrackerHost: true,
  complete: false,
};

export const CONNECTION_ID = 'c0ffee0012345678';
export const TRANSACTION_ID = 0x0bad_cafe;

export const requestExamples: Examples<TrackerRequest> = {
  connect: { type: 'connect' },
  heartbeat: {
    type: 'heartbeat',
    peerId,
    instanceId,
    port: 9_001,
    name: 'Café',
    catalogVersion: 7,
    files: 3,
    bytes: 5_000_000_000,
    uploads: 2,
    token: '0000000000000000',
    queryToken: '1122334455667788',
    unlisted: true,
    undialable: true,
    relays: true,
    proof: { publicKey: counted(0x60), signature: counted(0x80) + counted(0xa0) },
  },
  leave: { type: 'leave', peerId, instanceId, token: peerToken },
  publish: {
    type: 'publish',
    peerId,
    instanceId,
    token: peerToken,
    version: 8,
    base: 7,
    page: 1,
    pages: 3,
    entries: [
      { kind: 'file', path: 'films/a film.mkv', size: Number.MAX_SAFE_INTEGER, fileId, ...file },
      { kind: 'partial', path: '', size: 1_048_577, fileId },
      { kind: 'gone', path: 'old.txt', size: 0, fileId },
    ],
  },
  search: { type: 'search', words: 'böse film', cursor: 0 },
  locate: { type: 'locate', fileId, cursor: 64 },
  peers: { type: 'peers', cursor: 0 },
  folder: { type: 'folder', path: 'films/2024', cursor: 1 },
  hit: {
    type: 'hit',
    token: peerToken,
    relay: 5,
    files: [
      { fileId, size: 734_003_200, path: 'films/a film.mkv', complete: true, ...file },
      { fileId, size: 1_048_577, path: 'b.bin', complete: false },
    ],
  },
  miss: { type: 'miss', token: peerToken, relay: 5 },
  assignPort: { type: 'assignPort' },
  call: { type: 'call', target: peerId },
  relays: { type: 'relays' },
  cluster: { type: 'cluster', cursor: 0 },
};

export const replyExamples: Examples<TrackerReply> = {
  connected: { type: 'connected', connectionId: CONNECTION_ID },
  alive: {
    type: 'alive',
    trackerInstance: instanceId,
    intervalMs: 5_000,
    observed: { host: '192.168.1.20', port: 9_001 },
    heldVersion: 7,
    peers: 42,
    successor: { host: '2001:db8::7', port: 6_882 },
    relayOnly: false,
    cluster: 'lab',
    trackers: [{ host: '192.168.1.10', port: 6_881 }],
    token: peerToken,
  },
  left: { type: 'left' },
  published: { type: 'published', version: 8, page: 1, heldVersion: 7 },
  found: {
    type: 'found',
    total: 1,
    next: 0,
    asked: 2,
    part: 'last',
    trackers: { answered: 2, known: 3 },
    pages: 4,
    hits: [
      {
        fileId,
        size: 734_003_200,
        path: 'films/a film.mkv',
        holderCount: 2,
        holders: [{ ...holder, undialable: true }],
        ...file,
      },
    ],
  },
  located: {
    type: 'located',
    total: 70,
    next: 65,
    asked: 0,
    part: 'whole',
    size: 734_003_200,
    holders: [
      {
        peerId,
        name: '',
        address: { host: 'fe80::1', port: 65_535 },
        onTrackerHost: false,
        complete: true,
        size: 1_048_577,
      },
    ],
  },
  peerList: {
    type: 'peerList',
    total: 1,
    next: 0,
    peers: [
      {
        peerId,
        name: 'Café',
        address: { host: '192.168.1.20', port: 9_001 },
        onTrackerHost: false,
        files: 3,
        bytes: 5_000_000_000,
        undialable: true,
      },
    ],
  },
  moved: {
    type: 'moved',
    queryToken: '1122334455667788',
    trackerInstance: instanceId,
    successor: { host: '192.168.1.9', port: 6_881 },
    onTrackerHost: true,
  },
  query: { type: 'query', queryToken: '1122334455667788', relay: 5, question: { words: 'film', fileId } },
  assigned: { type: 'assigned', port: 9_001 },
  unproven: { type: 'unproven', trackerInstance: instanceId },
  calling: { type: 'calling' },
  called: {
    type: 'called',
    queryToken: '1122334455667788',
    peerId,
    address: { host: '192.168.1.20', port: 9_001 },
    onTrackerHost: false,
  },
  members: {
    type: 'members',
    total: 3,
    next: 2,
    connected: true,
    received: 120,
    sent: 40,
    members: [
      {
        address: { host: '192.168.1.10', port: 6_881 },
        state: 'self',
        peers: 12,
        files: 3_400,
        heardAgoMs: 0,
        silenceMs: 0,
        silenceAgoMs: 0,
      },
      {
        address: { host: '192.168.1.11', port: 6_881 },
        state: 'silent',
        peers: 10,
        files: 1_000,
        heardAgoMs: 15_000,
        silenceMs: 60_000,
        silenceAgoMs: 3_600_000,
      },
    ],
  },
  refused: { type: 'refused', reason: 'wrong-owner' },
};

export const controlExamples: Examples<ControlMessage> = {
  hello: {
    type: 'hello',
    version: 2,
    peerId,
    instanceId,
    name: 'Café',
    port: 9_001,
    features: 0x8000_0001,
    undialable: true,
    acceptsDialBack: true,
    relays: true,
    wallMs: 1_700_000_000_000,
  },
  list: { type: 'list', requestId, folder: 'films', cursor: 0 },
  listPage: {
    type: 'listPage',
    requestId,
    total: 1,
    next: 0,
    files: [
      {
        path: 'films/a film.mkv',
        size: 734_003_200,
        modifiedMs: 1_700_000_000_000,
        fileId,
        executable: true,
      },
    ],
  },
  describe: { type: 'describe', requestId, fileId, firstChunk: 2_000 },
  description: {
    type: 'description',
    requestId,
    size: 1_048_577,
    firstChunk: 0,
    chunkHashes: [counted(0x80) as ChunkHash, counted(0xa0) as ChunkHash],
  },
  refused: { type: 'refused', requestId, code: 'changed' },
  interested: { type: 'interested', fileId },
  notInterested: { type: 'notInterested', fileId },
  haveAll: { type: 'haveAll', fileId },
  haveNone: { type: 'haveNone', fileId },
  bitfield: { type: 'bitfield', fileId, firstByte: 2, bits: Buffer.of(0b1010_0000, 0b0000_0001) },
  have: { type: 'have', fileId, chunks: [5, 1_048_575] },
  queued: { type: 'queued', place: 3, of: 7 },
  serving: { type: 'serving' },
  laneRequest: { type: 'laneRequest', requestId },
  laneGrant: { type: 'laneGrant', requestId, token },
  peers: { type: 'peers', fileId, peers: [{ peerId, address: { host: '10.0.0.7', port: 9_002 } }] },
  ping: { type: 'ping' },
  pong: { type: 'pong' },
  bye: { type: 'bye', reason: 'protocol' },
  tracker: { type: 'tracker', address: { host: '192.168.1.9', port: 6_881 }, onMyHost: false },
  offer: { type: 'offer', requestId, fileId, size: 1_048_577, path: 'films/a film.mkv', chunks: 2, ...file },
  accept: { type: 'accept', requestId },
  query: { type: 'query', requestId, question: { words: 'film', fileId } },
  hits: { type: 'hits', requestId, files: [{ fileId, size: 1_048_577, path: 'a film.mkv', complete: true }] },
  suggest: { type: 'suggest', fileId, rest: 'spread', chunks: [11, 3] },
  dialLane: { type: 'dialLane', requestId, token },
  dialled: { type: 'dialled', requestId },
  callPeer: { type: 'callPeer', requestId, peerId },
  called: { type: 'called', peerId, address: { host: '192.168.1.20', port: 9_001 } },
  testDial: { type: 'testDial', requestId },
  relayTo: { type: 'relayTo', requestId, peerId },
  relayGrant: { type: 'relayGrant', requestId, token },
  relayedBy: { type: 'relayedBy', token, peerId, address: { host: '192.168.1.20', port: 9_001 } },
  corrupt: { type: 'corrupt', fileId, chunk: 0x0102_0304 },
};

export const laneExamples: Examples<LaneMessage> = {
  token: { type: 'token', token },
  request: { type: 'request', id: requestId, fileId, chunk: 11 },
  data: { type: 'data', id: requestId, bytes: Buffer.from('five!') },
  reject: { type: 'reject', id: requestId, code: 'cancelled' },
  cancel: { type: 'cancel', id: requestId },
  bundle: {
    type: 'bundle',
    id: requestId,
    files: [
      { fileId, size: 4_096 },
      { fileId: counted(0x60) as FileId, size: 1 },
    ],
  },
  lineUp: { type: 'lineUp' },
  turn: { type: 'turn', bytes: 2_097_152 },
  pass: { type: 'pass' },
  withdraw: { type: 'withdraw', id: requestId },
};

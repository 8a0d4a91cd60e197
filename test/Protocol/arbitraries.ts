import fc from 'fast-check';
import type { ChunkHash, FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import type { ControlMessage, LaneMessage } from '../../Protocol/PeerMessages.ts';
import type { TrackerReply, TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';

/** Any value of every message. A message or a field that is missing here does not compile. */

type Any<M extends { type: string }> = { [T in M['type']]: fc.Arbitrary<Extract<M, { type: T }>> };

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u53 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 0xffff_ffff, 2 ** 32, Number.MAX_SAFE_INTEGER));
const hex = (count: number) =>
  fc.uint8Array({ minLength: count, maxLength: count }).map((bytes) => Buffer.from(bytes).toString('hex'));
const peerId = hex(32) as fc.Arbitrary<PeerId>;
const fileId = hex(32) as fc.Arbitrary<FileId>;
const chunkHash = hex(32) as fc.Arbitrary<ChunkHash>;
const instanceId = hex(8) as fc.Arbitrary<InstanceId>;
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

/** Any Unicode text of at most `maxBytes` as UTF-8. */
const text = (maxBytes: number) =>
  fc.string({ unit: 'binary', maxLength: maxBytes }).filter((value) => Buffer.byteLength(value) <= maxBytes);

/** IPv6 in the one spelling of RFC 5952, which the URL parser gives; no mapped ones, they become IPv4. */
const ipv6 = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, u16), { minLength: 8, maxLength: 8 })
  .filter((words) => words.slice(0, 5).some((word) => word !== 0) || words[5] !== 0xffff)
  .map((words) =>
    new URL(`http://[${words.map((word) => word.toString(16)).join(':')}]/`).hostname.slice(1, -1),
  );

export const anyAddress: fc.Arbitrary<Address> = fc.record({ host: fc.oneof(fc.ipV4(), ipv6), port: u16 });

/** The fields, and any of the extensions. */
function extended<T, E>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
  extensions: { [K in keyof E]: fc.Arbitrary<E[K]> },
): fc.Arbitrary<T & Partial<E>> {
  return fc
    .tuple(fc.record(fields), fc.record(extensions, { requiredKeys: [] }))
    .map(([one, more]) => ({ ...one, ...more }) as T & Partial<E>);
}

const yes = fc.constant(true as const);
const ofFile = { modifiedMs: u53, executable: yes };
const ofPeer = { undialable: yes };
const ofHolder = { undialable: yes, size: u53 };

const holder = extended(
  {
    peerId,
    name: text(64),
    address: anyAddress,
    onTrackerHost: fc.boolean(),
    complete: fc.boolean(),
  },
  ofHolder,
);

const ofAnswer = { trackers: fc.record({ answered: u8, known: u8 }), pages: u16 };

const answerPart = fc.constantFrom('whole', 'index', 'relayed', 'last');

const refusal = fc.constantFrom(
  'not-found',
  'changed',
  'busy',
  'denied',
  'failed',
  'cancelled',
  'already-have',
  'unanswered',
  'other',
);

function type<const T extends string>(name: T): { type: fc.Arbitrary<T> } {
  return { type: fc.constant(name) };
}

export const requestArbitraries = {
  connect: fc.record(type('connect')),
  heartbeat: extended(
    {
      ...type('heartbeat'),
      peerId,
      instanceId,
      port: u16,
      name: text(64),
      catalogVersion: u32,
      files: u32,
      bytes: u53,
      uploads: u16,
      token: hex(8),
      queryToken: hex(8),
      unlisted: fc.boolean(),
    },
    { ...ofPeer, relays: yes, proof: fc.record({ publicKey: hex(32), signature: hex(64) }) },
  ),
  leave: fc.record({ ...type('leave'), peerId, instanceId, token: hex(8) }),
  publish: fc.record({
    ...type('publish'),
    peerId,
    instanceId,
    token: hex(8),
    version: u32,
    base: u32,
    page: u32,
    pages: u32,
    entries: fc.array(
      extended(
        {
          kind: fc.constantFrom('file', 'partial', 'gone'),
          path: text(1_000),
          size: u53,
          fileId,
        },
        ofFile,
      ),
      { maxLength: 64 },
    ),
  }),
  search: fc.record({ ...type('search'), words: text(256), cursor: u32 }),
  locate: fc.record({ ...type('locate'), fileId, cursor: u32 }),
  peers: fc.record({ ...type('peers'), cursor: u32 }),
  folder: fc.record({ ...type('folder'), path: text(1_000), cursor: u32 }),
  hit: fc.record({
    ...type('hit'),
    token: hex(8),
    relay: u32,
    files: fc.array(extended({ fileId, size: u53, path: text(1_000), complete: fc.boolean() }, ofFile), {
      maxLength: 32,
    }),
  }),
  miss: fc.record({ ...type('miss'), token: hex(8), relay: u32 }),
  assignPort: fc.record(type('assignPort')),
  call: fc.record({ ...type('call'), target: peerId }),
  relays: fc.record(type('relays')),
  cluster: fc.record({ ...type('cluster'), cursor: u32 }),
} satisfies Any<TrackerRequest>;

export const replyArbitraries = {
  connected: fc.record({ ...type('connected'), connectionId: hex(8) }),
  alive: extended(
    {
      ...type('alive'),
      trackerInstance: instanceId,
      intervalMs: u32,
      observed: anyAddress,
      heldVersion: u32,
      peers: u32,
      successor: fc.option(anyAddress, { nil: undefined }),
      relayOnly: fc.boolean(),
    },
    { cluster: text(64), trackers: fc.array(anyAddress, { maxLength: 16 }), token: hex(8) },
  ),
  left: fc.record(type('left')),
  published: fc.record({ ...type('published'), version: u32, page: u32, heldVersion: u32 }),
  found: extended(
    {
      ...type('found'),
      total: u32,
      next: u32,
      asked: u32,
      part: answerPart,
      hits: fc.array(
        extended(
          {
            fileId,
            size: u53,
            path: text(1_000),
            holderCount: u32,
            holders: fc.array(holder, { maxLength: 64 }),
          },
          ofFile,
        ),
        { maxLength: 32 },
      ),
    },
    ofAnswer,
  ),
  located: extended(
    {
      ...type('located'),
      total: u32,
      next: u32,
      asked: u32,
      part: answerPart,
      size: u53,
      holders: fc.array(holder, { maxLength: 64 }),
    },
    ofAnswer,
  ),
  peerList: extended(
    {
      ...type('peerList'),
      total: u32,
      next: u32,
      peers: fc.array(
        extended(
          {
            peerId,
            name: text(64),
            address: anyAddress,
            onTrackerHost: fc.boolean(),
            files: u32,
            bytes: u53,
          },
          ofPeer,
        ),
        { maxLength: 64 },
      ),
    },
    ofAnswer,
  ),
  moved: fc.record({
    ...type('moved'),
    queryToken: hex(8),
    trackerInstance: instanceId,
    successor: anyAddress,
    onTrackerHost: fc.boolean(),
  }),
  query: fc.record({
    ...type('query'),
    queryToken: hex(8),
    relay: u32,
    question: fc.record({ words: text(256), fileId: fc.option(fileId, { nil: undefined }) }),
  }),
  assigned: fc.record({ ...type('assigned'), port: u16 }),
  unproven: fc.record({ ...type('unproven'), trackerInstance: instanceId }),
  members: fc.record({
    ...type('members'),
    total: u32,
    next: u32,
    connected: fc.boolean(),
    received: u32,
    sent: u32,
    members: fc.array(
      fc.record({
        address: anyAddress,
        state: fc.constantFrom('self', 'live', 'silent'),
        peers: u32,
        files: u32,
        heardAgoMs: u32,
        silenceMs: u32,
        silenceAgoMs: u32,
      }),
      { maxLength: 64 },
    ),
  }),
  refused: fc.record({
    ...type('refused'),
    reason: fc.constantFrom(
      'bad-cookie',
      'unknown-peer',
      'wrong-owner',
      'full',
      'too-many',
      'bad-request',
      'too-old',
      'bad-proof',
      'clock-ahead',
      'other',
    ),
  }),
  calling: fc.record(type('calling')),
  called: fc.record({
    ...type('called'),
    queryToken: hex(8),
    peerId,
    address: anyAddress,
    onTrackerHost: fc.boolean(),
  }),
} satisfies Any<TrackerReply>;

export const controlArbitraries = {
  hello: extended(
    {
      ...type('hello'),
      version: u8,
      peerId,
      instanceId,
      name: text(64),
      port: u16,
      features: u32,
    },
    { undialable: yes, acceptsDialBack: yes, relays: yes, wallMs: u53 },
  ),
  list: fc.record({ ...type('list'), requestId: u32, folder: text(1_000), cursor: u32 }),
  listPage: fc.record({
    ...type('listPage'),
    requestId: u32,
    total: u32,
    next: u32,
    files: fc.array(
      extended({ path: text(1_000), size: u53, modifiedMs: u53, fileId }, { executable: yes }),
      { maxLength: 100 },
    ),
  }),
  describe: fc.record({ ...type('describe'), requestId: u32, fileId, firstChunk: u32 }),
  description: fc.record({
    ...type('description'),
    requestId: u32,
    size: u53,
    firstChunk: u32,
    chunkHashes: fc.array(chunkHash, { maxLength: 2_000 }),
  }),
  refused: fc.record({ ...type('refused'), requestId: u32, code: refusal }),
  interested: fc.record({ ...type('interested'), fileId }),
  notInterested: fc.record({ ...type('notInterested'), fileId }),
  haveAll: fc.record({ ...type('haveAll'), fileId }),
  haveNone: fc.record({ ...type('haveNone'), fileId }),
  bitfield: fc.record({ ...type('bitfield'), fileId, firstByte: u32, bits: bytes(32_768) }),
  have: fc.record({ ...type('have'), fileId, chunks: fc.array(u32, { maxLength: 4_096 }) }),
  queued: fc.record({ ...type('queued'), place: u16, of: u16 }),
  serving: fc.record(type('serving')),
  laneRequest: fc.record({ ...type('laneRequest'), requestId: u32 }),
  laneGrant: fc.record({ ...type('laneGrant'), requestId: u32, token: hex(16) }),
  peers: fc.record({
    ...type('peers'),
    fileId: fc.option(fileId, { nil: undefined }),
    peers: fc.array(fc.record({ peerId, address: anyAddress }), { maxLength: 50 }),
  }),
  ping: fc.record(type('ping')),
  pong: fc.record(type('pong')),
  bye: fc.record({
    ...type('bye'),
    reason: fc.constantFrom(
      'closing',
      'duplicate',
      'self',
      'idle',
      'protocol',
      'banned',
      'full',
      'too-old',
      'too-new',
      'other',
    ),
  }),
  tracker: fc.record({ ...type('tracker'), address: anyAddress, onMyHost: fc.boolean() }),
  offer: extended(
    { ...type('offer'), requestId: u32, fileId, size: u53, path: text(1_000), chunks: u32 },
    ofFile,
  ),
  accept: fc.record({ ...type('accept'), requestId: u32 }),
  query: fc.record({
    ...type('query'),
    requestId: u32,
    question: fc.record({ words: text(256), fileId: fc.option(fileId, { nil: undefined }) }),
  }),
  hits: fc.record({
    ...type('hits'),
    requestId: u32,
    files: fc.array(extended({ fileId, size: u53, path: text(1_000), complete: fc.boolean() }, ofFile), {
      maxLength: 50,
    }),
  }),
  suggest: fc.record({
    ...type('suggest'),
    fileId,
    rest: fc.constantFrom('anything', 'spread', 'nothing'),
    chunks: fc.array(u32, { maxLength: 64 }),
  }),
  dialLane: fc.record({ ...type('dialLane'), requestId: u32, token: hex(16) }),
  dialled: fc.record({ ...type('dialled'), requestId: u32 }),
  callPeer: fc.record({ ...type('callPeer'), requestId: u32, peerId }),
  called: fc.record({ ...type('called'), peerId, address: anyAddress }),
  testDial: fc.record({ ...type('testDial'), requestId: u32 }),
  relayTo: fc.record({ ...type('relayTo'), requestId: u32, peerId }),
  relayGrant: fc.record({ ...type('relayGrant'), requestId: u32, token: hex(16) }),
  relayedBy: fc.record({ ...type('relayedBy'), token: hex(16), peerId, address: anyAddress }),
  corrupt: fc.record({ ...type('corrupt'), fileId, chunk: u32 }),
} satisfies Any<ControlMessage>;

export const laneArbitraries = {
  token: fc.record({ ...type('token'), token: hex(16) }),
  request: fc.record({ ...type('request'), id: u32, fileId, chunk: u32 }),
  data: fc.record({ ...type('data'), id: u32, bytes: bytes(10_000) }),
  reject: fc.record({ ...type('reject'), id: u32, code: refusal }),
  cancel: fc.record({ ...type('cancel'), id: u32 }),
  bundle: fc.record({
    ...type('bundle'),
    id: u32,
    files: fc.array(fc.record({ fileId, size: u32 }), { maxLength: 256 }),
  }),
  lineUp: fc.record(type('lineUp')),
  turn: fc.record({ ...type('turn'), bytes: u32 }),
  pass: fc.record(type('pass')),
  withdraw: fc.record({ ...type('withdraw'), id: u32 }),
} satisfies Any<LaneMessage>;

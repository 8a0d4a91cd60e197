import { generateKeyPairSync } from 'node:crypto';
import type { CatalogFeed } from '../../Peer/Network/Ports.ts';
import { TrackerSession } from '../../Peer/Network/Trackers/Session/TrackerSession.ts';
import { ByteReader } from '../../Protocol/Codec.ts';
import type { FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { proveWith } from '../../Protocol/PeerProof.ts';
import {
  CONNECT_ID,
  decodeReply,
  decodeRequestBody,
  decodeRequestHeader,
  encodeRequest,
  type PublishedEntry,
} from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import { examples, Mutator } from './Mutator.ts';
import { accepts, type Target } from './Target.ts';

const HOSTS = 40;
const HEADER_BYTES = 16;
/** Time between two datagrams, on average. */
const BETWEEN_MS = 0.5;
const COOKIE_MS = 60_000;

/** Requests to a tracker, most with a valid connection id. */
export function trackerTarget(random: SeededRandom): Target {
  const logic = new TrackerLogic({
    instanceId: '00000000000000ff' as InstanceId,
    secret: random.bytes(32),
    wallClock: Date.now,
  });
  const mutator = new Mutator(examples('tracker-v2', 'request'), random);
  const cookies = new Map<string, Buffer>();
  let nowMs = 0;
  const cookieOf = (from: Address): Buffer => {
    const key = `${from.host}:${from.port} ${Math.floor(nowMs / COOKIE_MS)}`;
    if (cookies.size > 1_000) cookies.clear();
    let cookie = cookies.get(key);
    if (cookie === undefined) {
      const answers = logic.receive(encodeRequest(CONNECT_ID, 1, { type: 'connect' }), from, nowMs);
      const reply = answers
        .map(({ bytes }) => decodeReply(bytes).reply)
        .find(({ type }) => type === 'connected');
      cookie = Buffer.from(reply?.type === 'connected' ? reply.connectionId : '', 'hex');
      cookies.set(key, cookie);
    }
    return cookie;
  };
  return {
    name: 'datagrams to the tracker',
    step: () => {
      nowMs += random.next() * 2 * BETWEEN_MS;
      const from = { host: `10.0.0.${random.int(1, HOSTS)}`, port: random.int(1, 4) };
      const bytes = mutator.next(HEADER_BYTES);
      if (random.chance(0.9)) cookieOf(from).copy(bytes);
      // Other identities than in the example, so that there are many peers.
      if (random.chance(0.5) && bytes.length > HEADER_BYTES + 32)
        bytes[HEADER_BYTES + 31] = random.int(0, 255);
      const sent = random.chance(0.8) ? withToken(logic, from, bytes) : bytes;
      for (const { bytes: answer } of logic.receive(sent, from, nowMs)) decodeReply(answer);
      if (logic.nextEndMs !== undefined && logic.nextEndMs <= nowMs) logic.expire(nowMs);
      return 1;
    },
  };
}

/** The same request with the token of a proven peer, if it names one. */
function withToken(logic: TrackerLogic, from: Address, bytes: Buffer): Buffer {
  let sent = bytes;
  accepts(() => {
    const input = new ByteReader(bytes);
    const { connectionId, action, transactionId } = decodeRequestHeader(input);
    const request = decodeRequestBody(action, input);
    if (!('peerId' in request)) return;
    const token = logic.tokens.make(from, request.peerId, request.instanceId);
    sent = encodeRequest(connectionId, transactionId, { ...request, token });
  });
  return sent;
}

/** Replies to a peer's session with a tracker, mostly to pending requests. */
export function sessionTarget(random: SeededRandom): Target {
  const mutator = new Mutator(examples('tracker-v2', 'reply'), random);
  const prove = proveWith(generateKeyPairSync('ed25519').privateKey);
  let nowMs = 0;
  let session = begun();
  let open: number[] = [];
  return {
    name: "datagrams to a peer's session with its tracker",
    step: () => {
      nowMs += random.next() * 20;
      if (random.chance(0.001)) session = begun();
      if (nowMs >= session.nextMs) session.tick(nowMs);
      if (random.chance(0.05) && session.standing.state === 'connected') {
        session.ask({ type: 'search', words: 'film', cursor: 0 }, nowMs);
      }
      for (const action of session.takeActions()) {
        if (action.kind === 'send') open.push(Buffer.from(action.bytes).readUInt32BE(12));
      }
      open = open.slice(-16);
      const bytes = mutator.next(8);
      if (bytes.length >= 8 && open.length > 0 && random.chance(0.9))
        bytes.writeUInt32BE(random.pick(open), 4);
      accepts(() => {
        const { transactionId, reply } = decodeReply(bytes);
        session.receive(transactionId, reply, nowMs);
      });
      return 1;
    },
  };

  function begun(): TrackerSession {
    const session = new TrackerSession({
      self: {
        peerId: '11'.repeat(32) as PeerId,
        instanceId: '0000000000000001' as InstanceId,
        name: 'Ann',
        port: 9_001,
      },
      prove,
      feed: someFeed(),
      uploads: () => 3,
      random: random.next,
      unlimited: false,
      queryToken: '1122334455667788', // As in the example.
    });
    session.start(nowMs);
    return session;
  }
}

function someFeed(): CatalogFeed {
  const entries = Array.from({ length: 100 }, (_, at): PublishedEntry => {
    return {
      kind: 'file',
      path: `a film ${at}.mkv`,
      size: at,
      fileId: at.toString(16).padStart(64, '0') as FileId,
    };
  });
  return {
    version: 5,
    files: entries.length,
    bytes: 5_000,
    entries: () => entries,
    changesSince: () => entries.slice(0, 3),
    matching: () =>
      entries.slice(0, 2).map(({ fileId, size, path }) => ({ fileId, size, path, complete: true })),
  };
}

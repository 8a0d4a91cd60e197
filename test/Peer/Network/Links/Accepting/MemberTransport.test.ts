import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Bans } from '../../../../../Peer/Network/Links/Accepting/Bans.ts';
import { ConnectionAcceptor } from '../../../../../Peer/Network/Links/Accepting/ConnectionAcceptor.ts';
import { controlOpening } from '../../../../../Peer/Network/Links/Accepting/ControlOpening.ts';
import { memberTransport } from '../../../../../Peer/Network/Links/Accepting/MemberTransport.ts';
import { plainOpening } from '../../../../../Peer/Network/Links/Accepting/PlainOpening.ts';
import type { ProvenStream, SecureTransport } from '../../../../../Peer/Network/Links/Accepting/Secure.ts';
import { listen } from '../../../../../Peer/Network/Links/Accepting/StreamSockets.ts';
import { tlsTransport } from '../../../../../Peer/Network/Links/Accepting/TlsSockets.ts';
import { certificateOf } from '../../../../../Peer/State/Certificate.ts';
import { peerIdOf } from '../../../../../Protocol/PeerKey.ts';
import { encodePreamble } from '../../../../../Protocol/PeerMessages.ts';
import { MEMBER_PROOF_BYTES } from '../../../../../Protocol/Private/MemberProof.ts';
import { networkKeys } from '../../../../../Protocol/Private/NetworkKeys.ts';
import { type Clock, systemClock } from '../../../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

const LAB = networkKeys(new Uint8Array(16).fill(1)).member;
const OTHER = networkKeys(new Uint8Array(16).fill(2)).member;
const nothing = { closed: () => {} };

/** `stranger` speaks TLS without any proof. */
function identity(memberKey = LAB, clock: Clock = systemClock) {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pems = {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificateOf(privateKey),
  };
  const self = peerIdOf(privateKey);
  const stranger = tlsTransport(pems, { secureLanes: true });
  return { self, stranger, member: memberTransport({ secure: stranger, self, memberKey, clock }) };
}

/**
 * A member that sends a hello on control links and echoes on lanes. @param secure - another transport @param clock -
 * another clock
 */
async function acceptor(own = identity(), clock: Clock = systemClock, secure = own.member) {
  const seen = { links: [] as ProvenStream[], lanes: 0, failed: [] as string[], bytes: '' };
  const occupant = { idleMs: () => undefined, evict: () => {} };
  const opening = controlOpening({
    secure,
    clock,
    failed: (_host, reason) => seen.failed.push(reason),
    accept: (stream, _full, settle) => {
      seen.links.push(stream);
      settle();
      stream.write(Buffer.from('welcome'));
      const data = (bytes: Uint8Array) => {
        seen.bytes += Buffer.from(bytes).toString();
      };
      return { ...occupant, handler: { data, closed: () => {} } };
    },
    lanes: [
      plainOpening('lane', (stream, _full, settle) => {
        seen.lanes++;
        settle();
        return { ...occupant, handler: { data: (bytes) => void stream.write(bytes), closed: () => {} } };
      }),
    ],
  });
  const counters = { refusedConnections: 0, foreignConnections: 0, evictedConnections: 0 };
  const taking = new ConnectionAcceptor({
    clock,
    bans: new Bans(),
    counters,
    openings: [opening],
    connectionsMax: 64,
  });
  const listener = await listen(0, taking.accept);
  onTestFinished(async () => {
    await listener.close();
    await taking.close();
  });
  return { ...own, seen, address: { host: '127.0.0.1', port: listener.local.port } };
}

/** Reads until the connection ends. */
function recorder() {
  let bytes = Buffer.alloc(0);
  let note = () => {};
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const handler = {
    data: (more: Uint8Array) => {
      bytes = Buffer.concat([bytes, more]);
      note();
    },
    closed: () => end(),
  };
  const has = (count: number) =>
    new Promise<Buffer>((resolve) => {
      note = () => {
        if (bytes.length >= count) resolve(bytes);
      };
      note();
    });
  return { handler, ended, has, bytes: () => bytes };
}

test('members of a network link, and what they write arrives', async () => {
  const [server, client] = [await acceptor(), identity()];
  const { handler, has } = recorder();
  const stream = await client.member.dial(server.address, handler);
  stream.write(Buffer.from('hello'));
  expect((await has(7)).toString()).toBe('welcome');
  expect(stream.provenId).toBe(server.self);
  expect(server.seen.links.map(({ provenId }) => provenId)).toEqual([client.self]);
  expect(Buffer.from(server.seen.links[0]?.binding() ?? [])).toEqual(Buffer.from(stream.binding()));
  await waitUntil(() => server.seen.bytes === 'hello');
  expect(server.seen.failed).toEqual([]);
});

test.each([
  ['a wrong proof', Buffer.alloc(MEMBER_PROOF_BYTES)],
  [
    'the hello of the open network',
    Buffer.from('\0\0\0\u0050hello, I am a peer of the open network and want to know'),
  ],
  ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')],
])('a stranger with %s is closed without a byte', async (_what, bytes) => {
  const [server, client] = [await acceptor(), identity()];
  const seen = recorder();
  (await client.stranger.dial(server.address, seen.handler)).write(bytes);
  await seen.ended;
  expect(seen.bytes()).toEqual(Buffer.alloc(0));
  expect(server.seen).toMatchObject({ links: [], failed: ['it is no member of this network'] });
});

test('a stranger that sends too little is closed after 10 s, without a byte', async () => {
  const clock = new SimulatedClock();
  const own = identity();
  let admitted = false;
  const secure: SecureTransport = {
    ...own.stranger,
    accept: (incoming, opened, failed) =>
      own.stranger.accept(
        incoming,
        (stream) => {
          admitted = true;
          return opened(stream);
        },
        failed,
      ),
  };
  const member = memberTransport({ secure, self: own.self, memberKey: LAB, clock });
  const [server, client] = [await acceptor(own, clock, member), identity()];
  const seen = recorder();
  const stream = await client.stranger.dial(server.address, seen.handler);
  await waitUntil(() => admitted);
  await new Promise<void>((done) => void stream.write(Buffer.alloc(MEMBER_PROOF_BYTES - 1), done));
  clock.advance(10_000);
  await seen.ended;
  expect(seen.bytes()).toEqual(Buffer.alloc(0));
  await waitUntil(() => server.seen.failed.length > 0);
  expect(server.seen).toMatchObject({
    links: [],
    failed: ['it has not proven to be a member of this network'],
  });
});

test('members of two networks do not link, and neither learns more than the id of the other', async () => {
  const [server, client] = [await acceptor(), identity(OTHER)];
  await expect(client.member.dial(server.address, nothing)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('has not proven to be in this private network'),
  });
  expect(server.seen).toMatchObject({ links: [], failed: ['it is no member of this network'] });
});

test('a stranger that is dialled cannot use the proof: not elsewhere, and not as its own', async () => {
  const [server, client, thief] = [await acceptor(), identity(), identity(OTHER)];
  const caught = deferred<Buffer>();
  // The impostor accepts the link of a member, and echoes its proof.
  const trap = await trapOf(thief, caught.resolve);
  await expect(client.member.dial(trap, nothing)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  const proof = await caught.promise;
  expect(proof).toHaveLength(MEMBER_PROOF_BYTES);
  const seen = recorder();
  (await thief.stranger.dial(server.address, seen.handler)).write(proof);
  await seen.ended;
  expect(seen.bytes()).toEqual(Buffer.alloc(0));
  expect(server.seen.links).toEqual([]);
});

test('a dialled member that stays silent is abandoned after 10 s', async () => {
  const clock = new SimulatedClock();
  const silent = identity();
  const trap = await trapOf(silent, () => {}, false);
  const dialled = identity(LAB, clock).member.dial(trap, nothing);
  const failed = expect(dialled).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await waitUntil(() => clock.pending > 0);
  clock.advance(10_000);
  await failed;
});

test('an encrypted lane carries bytes into memory of its owner, from the expected peer only', async () => {
  const [server, client] = [await acceptor(), identity()];
  const dial = client.member.lanes?.(server.self);
  let received = '';
  const memory = Buffer.alloc(64);
  const into = {
    nextBuffer: () => memory,
    filled: (count: number) => {
      received += memory.toString('utf8', 0, count);
      return true;
    },
  };
  const lane = await dial?.(server.address, nothing, { into });
  lane?.write(Buffer.concat([encodePreamble('lane'), Buffer.from('chunk, please')]));
  await waitUntil(() => received === 'chunk, please');
  expect(server.seen).toMatchObject({ lanes: 1, links: [] });
  lane?.destroy();
  await expect(client.member.lanes?.(client.self)(server.address, nothing)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('another peer answers'),
  });
});

test('an encrypted lane without the preamble of a lane is closed without a byte', async () => {
  const [server, client] = [await acceptor(), identity()];
  const seen = recorder();
  const lane = await client.stranger.lanes?.(server.self)(server.address, seen.handler);
  lane?.write(Buffer.alloc(40));
  await seen.ended;
  expect(seen.bytes()).toEqual(Buffer.alloc(0));
  expect(server.seen).toMatchObject({ lanes: 0, failed: ['no lane'] });
});

/** Accepts control links without a proof. @param caught - called with the first bytes, which are sent back */
async function trapOf(
  { stranger }: ReturnType<typeof identity>,
  caught: (bytes: Buffer) => void,
  echoes = true,
) {
  const opening = controlOpening({
    secure: stranger,
    clock: systemClock,
    failed: () => {},
    accept: (stream, _full, settle) => {
      settle();
      const data = (bytes: Uint8Array) => {
        caught(Buffer.from(bytes));
        if (echoes) stream.write(bytes);
      };
      return { idleMs: () => undefined, evict: () => {}, handler: { data, closed: () => {} } };
    },
  });
  const counters = { refusedConnections: 0, foreignConnections: 0, evictedConnections: 0 };
  const options = { clock: systemClock, bans: new Bans(), counters, openings: [opening], connectionsMax: 8 };
  const taking = new ConnectionAcceptor(options);
  const listener = await listen(0, taking.accept);
  onTestFinished(async () => {
    await listener.close();
    await taking.close();
  });
  return { host: '127.0.0.1', port: listener.local.port };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((done) => setImmediate(done));
}

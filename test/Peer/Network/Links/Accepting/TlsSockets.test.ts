import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { Bans } from '../../../../../Peer/Network/Links/Accepting/Bans.ts';
import { ConnectionAcceptor } from '../../../../../Peer/Network/Links/Accepting/ConnectionAcceptor.ts';
import { controlOpening } from '../../../../../Peer/Network/Links/Accepting/ControlOpening.ts';
import { LateHandler } from '../../../../../Peer/Network/Links/Accepting/LateHandler.ts';
import { dial, listen } from '../../../../../Peer/Network/Links/Accepting/StreamSockets.ts';
import { tlsTransport } from '../../../../../Peer/Network/Links/Accepting/TlsSockets.ts';
import { certificateOf } from '../../../../../Peer/State/Certificate.ts';
import { peerIdOf } from '../../../../../Protocol/PeerKey.ts';
import { encodePreamble } from '../../../../../Protocol/PeerMessages.ts';
import type { StreamHandler } from '../../../../../Shared/Network/Transport.ts';
import { type Clock, systemClock } from '../../../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

import { ecIdentity, rsaIdentity } from './ForeignCertificates.ts';

const nothing = { closed: () => {} };
const pemOf = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }));

function identity() {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pems = { key: pemOf(privateKey), cert: certificateOf(privateKey) };
  return { ...pems, peerId: peerIdOf(privateKey), transport: tlsTransport(pems) };
}

/** A peer that accepts control links on a loopback port, and records them. */
async function acceptor(clock: Clock = systemClock) {
  const own = identity();
  const seen = { proven: [] as string[], failed: [] as string[], bytes: '' };
  let readsInto: unknown;
  const opening = controlOpening({
    secure: own.transport,
    clock,
    failed: (_host, reason) => seen.failed.push(reason),
    accept: (stream, _full, settle) => {
      seen.proven.push(stream.provenId);
      readsInto = stream.readInto?.({ nextBuffer: () => Buffer.alloc(1), filled: () => true });
      settle();
      stream.write(Buffer.from('welcome'));
      const handler = {
        data: (bytes: Uint8Array) => {
          seen.bytes += Buffer.from(bytes).toString();
        },
        closed: () => {},
      };
      return { handler, idleMs: () => undefined, evict: () => stream.destroy() };
    },
  });
  const counters = { refusedConnections: 0, foreignConnections: 0, evictedConnections: 0 };
  const taking = new ConnectionAcceptor({
    clock,
    bans: new Bans(),
    counters,
    openings: [opening],
    connectionsMax: 64,
  });
  let opened = 0;
  let ended = 0;
  const listener = await listen(0, (stream) => {
    opened++;
    const handler = taking.accept(stream);
    return {
      data: (bytes) => handler.data?.(bytes),
      drained: () => handler.drained?.(),
      closed: (error) => {
        ended++;
        handler.closed(error);
      },
    };
  });
  onTestFinished(async () => {
    await listener.close();
    await taking.close();
  });
  const counts = { accepted: () => opened > 0, open: () => opened - ended, readsInto: () => readsInto };
  return { ...own, ...counts, seen, address: { host: '127.0.0.1', port: listener.local.port } };
}

test('both sides get the proven id of the other, and written bytes arrive', async () => {
  const [server, client] = [await acceptor(), identity()];
  const heard = new Promise<string>((resolve) => {
    const handler = { data: (bytes: Uint8Array) => resolve(Buffer.from(bytes).toString()), closed: () => {} };
    void client.transport.dial(server.address, handler).then((stream) => {
      expect(stream.provenId).toBe(server.peerId);
      stream.write(Buffer.from('hello'), () => {});
    });
  });
  expect(await heard).toBe('welcome');
  expect(server.seen.proven).toEqual([client.peerId]);
});

test.each<readonly [string, (own: ReturnType<typeof identity>) => ConnectionOptions]>([
  ['no certificate', () => ({ ALPNProtocols: ['shoal/2'] })],
  ['TLS 1.2', ({ key, cert }) => ({ key, cert, ALPNProtocols: ['shoal/2'], maxVersion: 'TLSv1.2' })],
  ['a P-256 certificate', () => ({ ...ecIdentity, ALPNProtocols: ['shoal/2'] })],
  ['an RSA certificate', () => ({ ...rsaIdentity, ALPNProtocols: ['shoal/2'] })],
])('a client with %s opens no link', async (_what, options) => {
  const server = await acceptor();
  const socket = tlsConnect({ ...options(identity()), ...server.address, rejectUnauthorized: false });
  socket.on('secureConnect', () => socket.write('early bytes'));
  await closed(socket);
  expect(server.seen).toMatchObject({ proven: [], bytes: '', failed: [expect.any(String)] });
});

test.each([['h2'], undefined])(
  'a client of the protocols %j is closed before a handshake',
  async (ALPNProtocols) => {
    const server = await acceptor();
    const own = identity();
    const options = { ...own, ...server.address, rejectUnauthorized: false };
    const socket = tlsConnect(ALPNProtocols === undefined ? options : { ...options, ALPNProtocols });
    let answered = 0;
    socket.on('secureConnect', () => answered++).on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
    expect([answered, server.seen]).toEqual([0, { proven: [], bytes: '', failed: [] }]);
  },
);

test('a client with the certificate of another peer cannot sign for it', async () => {
  const [server, victim, thief] = [await acceptor(), identity(), identity()];
  // Node refuses a key that does not match the certificate.
  expect(() => tlsTransport({ key: thief.key, cert: victim.cert })).toThrow();
  expect(server.seen.proven).toEqual([]);
});

test('no session tickets are sent: a resumed session has no certificate', async () => {
  const server = await acceptor();
  const { key, cert } = identity();
  const options = { key, cert, ...server.address, ALPNProtocols: ['shoal/2'], rejectUnauthorized: false };
  const socket = tlsConnect(options);
  let sessions = 0;
  socket.on('session', () => sessions++);
  await once(socket, 'data');
  expect(sessions).toBe(0);
  const session = socket.getSession();
  socket.destroy();
  const again = tlsConnect(session === undefined ? options : { ...options, session });
  await once(again, 'data');
  expect([again.isSessionReused(), server.seen.proven.length]).toEqual([false, 2]);
  again.destroy();
});

test('the recorded bytes of a link open no other one', async () => {
  const [server, client] = [await acceptor(), identity()];
  const recorded: Buffer[] = [];
  const relay = createServer((near) => {
    const far = connect(server.address);
    near.on('data', (bytes: Buffer) => {
      recorded.push(bytes);
      far.write(bytes);
    });
    far.on('data', (bytes) => near.write(bytes));
    near.on('error', () => {}).on('close', () => far.destroy());
    far.on('error', () => {}).on('close', () => near.destroy());
  });
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void relay.close());
  const port = (relay.address() as { port: number }).port;
  const link = await client.transport.dial({ host: '127.0.0.1', port }, nothing);
  await new Promise<void>((written) => void link.write(Buffer.from('secret question'), written));
  await waitUntil(() => server.seen.bytes !== '');
  link.destroy();
  expect(Buffer.concat(recorded).includes('secret question')).toBe(false);
  const replay = connect(server.address);
  for (const bytes of recorded) replay.write(bytes);
  await closed(replay.resume());
  expect(server.seen).toMatchObject({ proven: [client.peerId], bytes: 'secret question' });
});

test('an incomplete ClientHello is closed after 10 s', async () => {
  const clock = new SimulatedClock();
  const server = await acceptor(clock);
  const socket = connect(server.address);
  const end = closed(socket.resume());
  await new Promise<void>(
    (written) => void socket.write(Buffer.from('160301020001', 'hex'), () => written()),
  );
  await waitUntil(() => server.accepted());
  clock.advance(9_999);
  expect(server.open()).toBe(1);
  clock.advance(1);
  await end;
});

test('a peer of version 1 that is dialled is named as the older side', async () => {
  // Version 1 closes a connection whose first byte is not S.
  const old = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy()));
  await once(old.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void old.close());
  const { port } = old.address() as { port: number };
  await expect(identity().transport.dial({ host: '127.0.0.1', port }, nothing)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    hint: expect.stringContaining('It runs an older Shoal: update it.'),
  });
});

test('a program other than Shoal is named as such', async () => {
  const talker = createServer((socket) => socket.on('error', () => {}).end('220 smtp.example ready\r\n'));
  await once(talker.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void talker.close());
  const { port } = talker.address() as { port: number };
  await expect(identity().transport.dial({ host: '127.0.0.1', port }, nothing)).rejects.toMatchObject({
    message: `no Shoal of this version answers at 127.0.0.1:${port}`,
  });
});

test('a dial tells of the connection before the handshake; aborted, it ends the connection', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as { port: number };
  const abort = new AbortController();
  let isConnected = false;
  const connected = () => {
    isConnected = true;
  };
  const options = { signal: abort.signal, connected };
  const dialling = identity().transport.dial({ host: '127.0.0.1', port }, nothing, options);
  dialling.catch(() => {});
  await waitUntil(() => sockets.length === 1 && isConnected);
  abort.abort();
  await expect(dialling).rejects.toMatchObject({ code: 'CANCELLED' });
  const [socket = expect.fail()] = sockets;
  if (!socket.destroyed) await closed(socket.resume());
});

/** Resolves when a socket is closed, for any reason. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** A relay between us and a peer that records the passed bytes. @param change - changes the bytes that we send */
async function relayTo(port: number, change: (bytes: Buffer) => Buffer = (bytes) => bytes) {
  const seen: Buffer[] = [];
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const socket of [from, to]) socket.on('error', () => {});
    from.on('data', (bytes) => {
      seen.push(bytes);
      to.write(change(bytes));
    });
    to.on('data', (bytes) => {
      seen.push(bytes);
      from.write(bytes);
    });
    from.on('close', () => to.destroy());
    to.on('close', () => from.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const handler = new LateHandler();
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const stream = await dial(address, handler);
  return { seen, over: { stream, handOver: (owner: StreamHandler) => handler.handOver(owner) } };
}

/** All bytes received until the connection ends. */
function listener() {
  let text = '';
  let note = () => {};
  const changed = () =>
    new Promise<void>((resolve) => {
      note = resolve;
    });
  const handler = {
    data: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString();
      note();
    },
    closed: () => note(),
  };
  return { handler, changed, text: () => text };
}

test('through a relay both sides prove their ids, and the relay sees nothing of their messages', async () => {
  const [server, client] = [await acceptor(), identity()];
  const { seen, over } = await relayTo(server.address.port);
  const heard = listener();
  const arrived = heard.changed();
  const stream = await client.transport.dial(server.address, heard.handler, { over });
  expect(stream.provenId).toBe(server.peerId);
  stream.write(Buffer.from('a secret'));
  await arrived;
  expect(heard.text()).toBe('welcome');
  await expect.poll(() => server.seen.bytes).toBe('a secret');
  expect(server.seen.proven).toEqual([client.peerId]);
  expect(server.readsInto()).toBe(false); // Encrypted bytes must not land there.
  expect(Buffer.concat(seen).toString('latin1')).not.toMatch(/secret|welcome/);
  stream.destroy();
});

test('a relay that changes one bit ends the connection, and nothing of it is read', async () => {
  const [server, client] = [await acceptor(), identity()];
  let isChanging = false;
  const { over } = await relayTo(server.address.port, (bytes) => {
    if (isChanging) bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    return bytes;
  });
  const heard = listener();
  const arrived = heard.changed();
  const stream = await client.transport.dial(server.address, heard.handler, { over });
  await arrived;
  isChanging = true;
  const ended = heard.changed();
  stream.write(Buffer.from('a secret'));
  await ended;
  expect(server.seen.bytes).toBe('');
  await expect.poll(() => server.open()).toBe(0);
});

test('a relay that leads to another peer gets no lane, and a lane that nobody relays is closed in the open network', async () => {
  const [server, client, other] = [await acceptor(), identity(), identity()];
  const wrong = await relayTo(server.address.port);
  await expect(client.transport.laneOver(other.peerId, wrong.over, nothing)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('another peer'),
  });
  const heard = listener();
  const ended = heard.changed();
  const direct = await relayTo(server.address.port);
  const stream = await client.transport.laneOver(server.peerId, direct.over, heard.handler);
  stream.write(encodePreamble('lane'));
  await ended;
  expect(heard.text()).toBe('');
  expect(server.seen.failed).toContain('no lane');
});

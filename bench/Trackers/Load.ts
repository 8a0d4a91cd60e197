import { generateKeyPairSync } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { HEARTBEAT } from '../../Protocol/Heartbeat.ts';
import type { InstanceId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { proveWith } from '../../Protocol/PeerProof.ts';
import { encodeRequest } from '../../Protocol/TrackerMessages.ts';
import { cookieFor, register } from './Asking.ts';

/**
 * Program: `node Load.js <protocol> <port> <peers> <seconds> [rate]`. The peers, each at a socket of its own, keep one
 * announce each in flight (or send `rate` per second together), and print the number of answers as JSON.
 */

/** Handshake and announce of one peer of a protocol. */
interface Protocol {
  /** Makes the announce of one peer, after the handshake at its socket. */
  announce(index: number, socket: Socket): Promise<Buffer>;
  /** Whether a datagram answers an announce. */
  answers(reply: Buffer): boolean;
}

const CONNECT = encodeRequest('', 7, { type: 'connect' });

const protocols: Readonly<Record<string, Protocol>> = {
  /** The heartbeat of a registered peer. */
  shoal: {
    announce: async (index, socket) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const cookie = await cookieFor(socket);
      const beat = {
        type: 'heartbeat',
        peerId: peerIdOf(privateKey),
        instanceId: '0000000000000001' as InstanceId,
        port: 9_000 + (index % 1_000),
        name: `peer ${index}`,
        catalogVersion: 0,
        files: 10,
        bytes: 12_345_678,
        uploads: 0,
        queryToken: '0011223344556677',
        unlisted: false,
      } as const;
      const { token } = await register(socket, cookie, beat, proveWith(privateKey));
      return encodeRequest(cookie, index, { ...beat, token });
    },
    answers: (reply) => reply.readUInt32BE() === HEARTBEAT,
  },
  /** Announce of BEP 15: the same torrent for all peers. */
  bittorrent: {
    announce: async (index, socket) => {
      const welcome = await asked(socket, CONNECT);
      const announce = Buffer.alloc(98);
      welcome.copy(announce, 0, 8, 16);
      announce.writeUInt32BE(1, 8);
      announce.writeUInt32BE(index, 12);
      announce.fill(0x5a, 16, 36);
      announce.write(`-SH0001-${String(index).padStart(12, '0')}`, 36, 'latin1');
      announce.writeUInt32BE(4, 92); // as few addresses in the answer as a heartbeat has
      announce.writeUInt16BE(9_000 + (index % 1_000), 96);
      return announce;
    },
    answers: (reply) => reply.readUInt32BE() === 1,
  },
  echo: { announce: async () => Buffer.alloc(98, 1), answers: () => true },
};

const [name = '', port = '', peers = '64', seconds = '3', rate = '0'] = process.argv.slice(2);
const protocol = protocols[name];
if (protocol === undefined) throw new Error(`no protocol ${name}`);

const clients = await Promise.all(Array.from({ length: Number(peers) }, (_, index) => join(protocol, index)));
const { answered, elapsed } = Number(rate) > 0 ? await paced(Number(rate)) : await saturated();
process.stdout.write(`${JSON.stringify({ answered, seconds: elapsed })}\n`);
for (const { socket } of clients) socket.close();

/** Sends one announce after the other for each peer, as fast as answers arrive. A lost one is repeated. */
async function saturated() {
  let answered = 0;
  const answeredBy = clients.map(() => 0);
  const started = performance.now();
  for (const [index, { socket, announce }] of clients.entries()) {
    socket.on('message', () => {
      answered++;
      answeredBy[index] = (answeredBy[index] ?? 0) + 1;
      socket.send(announce);
    });
    socket.send(announce);
  }
  const seen = [...answeredBy];
  const retry = setInterval(() => {
    for (const [index, { socket, announce }] of clients.entries()) {
      if (answeredBy[index] === seen[index]) socket.send(announce);
      seen[index] = answeredBy[index] ?? 0;
    }
  }, 500);
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
  clearInterval(retry);
  for (const { socket } of clients) socket.removeAllListeners('message');
  return { answered, elapsed: (performance.now() - started) / 1_000 };
}

/** Sends `rate` announces per second in portions of some milliseconds, without waiting for answers. */
async function paced(perSecond: number) {
  let answered = 0;
  for (const { socket } of clients) socket.on('message', () => answered++);
  const started = performance.now();
  let sent = 0;
  for (let now = started; now < started + Number(seconds) * 1_000; now = performance.now()) {
    for (const due = ((now - started) * perSecond) / 1_000; sent < due; sent++) {
      const client = clients[sent % clients.length];
      client?.socket.send(client.announce);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { answered, elapsed: (performance.now() - started) / 1_000 };
}

async function join(spoken: Protocol, index: number): Promise<{ socket: Socket; announce: Buffer }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve) => socket.connect(Number(port), '127.0.0.1', resolve));
  const announce = await spoken.announce(index, socket);
  const reply = await asked(socket, announce);
  if (!spoken.answers(reply)) throw new Error(`an announce was answered by ${reply.toString('hex')}`);
  return { socket, announce };
}

async function asked(socket: Socket, request: Buffer): Promise<Buffer> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.send(request);
    const retry = new Promise<undefined>((resolve) => setTimeout(resolve, 200, undefined));
    const reply = await Promise.race([answer, retry]);
    socket.removeAllListeners('message');
    if (reply !== undefined) return reply;
  }
  throw new Error('the tracker does not answer');
}

import { createSocket } from 'node:dgram';
import { connect as tcpConnect } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { PeerId } from '../../Protocol/Ids.ts';
import { CONTROL_ALPN, LANE_ALPN } from '../../Protocol/Limits.ts';
import { CHANNEL_BINDING_BYTES, MEMBER_EXPORTER, memberProof } from '../../Protocol/Private/MemberProof.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';

/** Time to wait for an answer after the last byte of a probe: far above a round trip on loopback. */
const LISTEN_MS = 150;
const WHOLE_MS = 8_000;
/** Bytes of one handshake of TLS 1.3 with a certificate; more would be an answer. */
const HANDSHAKE_BYTES_MAX = 2_048;

/** A stranger: its own key, and the keys of another network. */
export interface Stranger {
  readonly peerId: PeerId;
  readonly key: string;
  readonly cert: string;
  readonly memberKey: Uint8Array;
}

/** Bytes that a probe received beyond a handshake. `isHandshake`: TLS was completed. */
export interface Learnt {
  readonly bytes: number;
  readonly isHandshake: boolean;
}

/** Connects from a random address of loopback, writes, and counts the received bytes. Never rejects. */
export function probePlain(port: number, bytes: Buffer, random: SeededRandom): Promise<Learnt> {
  return new Promise((resolve) => {
    let seen = 0;
    const socket = tcpConnect({ port, host: '127.0.0.1', localAddress: someLoopback(random) });
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      // A broken handshake may be answered with one flight of TLS.
      const isTls = bytes[0] === 0x16;
      resolve({ bytes: isTls ? Math.max(0, seen - HANDSHAKE_BYTES_MAX) : seen, isHandshake: false });
    };
    const timer = setTimeout(end, LISTEN_MS);
    socket.on('error', () => {});
    socket.on('close', end);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (part) => {
      seen += part.length;
    });
  });
}

export interface TlsProbe {
  readonly alpn: string | undefined;
  readonly hasCertificate: boolean;
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Made when the handshake is complete. */
  readonly says: (socket: TLSSocket) => Buffer;
}

/** Completes a handshake if the other side does, writes, and counts the bytes received inside. Never rejects. */
export function probeTls(
  port: number,
  { alpn, hasCertificate, maxVersion, says }: TlsProbe,
  { key, cert }: Stranger,
  random: SeededRandom,
): Promise<Learnt> {
  return new Promise((resolve) => {
    let seen = 0;
    let isHandshake = false;
    const options: ConnectionOptions & { localAddress: string } = {
      port,
      host: '127.0.0.1',
      localAddress: someLoopback(random),
      rejectUnauthorized: false,
      servername: '',
      checkServerIdentity: () => undefined,
      minVersion: 'TLSv1.2',
      maxVersion,
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      ...(hasCertificate ? { key, cert } : {}),
    };
    const socket = tlsConnect(options);
    const end = () => {
      clearTimeout(whole);
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: seen, isHandshake });
    };
    let timer: NodeJS.Timeout | undefined;
    const whole = setTimeout(end, WHOLE_MS);
    socket.on('error', () => {});
    socket.on('close', end);
    socket.on('secureConnect', () => {
      isHandshake = true;
      socket.write(says(socket));
      timer = setTimeout(end, LISTEN_MS);
    });
    socket.on('data', (part) => {
      seen += part.length;
    });
  });
}

/** Sends a datagram from a socket of its own, and counts the received bytes. Never rejects. */
export function probeUdp(port: number, bytes: Buffer): Promise<Learnt> {
  return new Promise((resolve) => {
    let seen = 0;
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    socket.on('message', (message) => {
      seen += message.length;
    });
    socket.send(bytes, port, '127.0.0.1');
    setTimeout(() => {
      socket.close();
      resolve({ bytes: seen, isHandshake: false });
    }, LISTEN_MS);
  });
}

/** Messages of strangers inside TLS in place of a proof. */
export function sayings(
  { peerId, memberKey }: Stranger,
  victim: PeerId,
  random: SeededRandom,
): readonly ((socket: TLSSocket) => Buffer)[] {
  const proofBy = (binding: Buffer, side: 'dialling' | 'accepting') =>
    memberProof(memberKey, side, { dialling: peerId, accepting: victim, binding });
  const bindingOf = (socket: TLSSocket) =>
    socket.destroyed
      ? Buffer.alloc(CHANNEL_BINDING_BYTES)
      : socket.exportKeyingMaterial(CHANNEL_BINDING_BYTES, MEMBER_EXPORTER, Buffer.alloc(0));
  let recorded = Buffer.alloc(32, 3);
  return [
    () => Buffer.alloc(0),
    () => Buffer.alloc(32),
    () => Buffer.from(random.bytes(32)),
    () => Buffer.from(random.bytes(random.int(1, 4_000))),
    (socket) => {
      recorded = Buffer.from(proofBy(bindingOf(socket), 'dialling'));
      return recorded;
    },
    (socket) => proofBy(bindingOf(socket), 'accepting'),
    (socket) => proofBy(bindingOf(socket), 'dialling').subarray(0, random.int(1, 31)),
    () => recorded,
    () => Buffer.from('GET / HTTP/1.1\r\nHost: peer\r\n\r\n'),
    () => Buffer.from('SHOAL\x02L\0\0\0\0\x10@0123456789abcdef', 'latin1'),
    () => Buffer.from('SHOAL\x02B\0\0\0\0\x10@0123456789abcdef', 'latin1'),
    () => Buffer.from('SHOAL\x02R\0\0\0\0\x10@0123456789abcdef', 'latin1'),
  ];
}

export const ALPNS = [
  CONTROL_ALPN,
  LANE_ALPN,
  undefined,
  'http/1.1',
  'h2',
  'shoal/1',
  'shoal/3',
  'x',
] as const;

function someLoopback(random: SeededRandom): string {
  const part = () => random.int(1, 254);
  return `127.${part()}.${part()}.${part()}`;
}

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { CONTROL_ALPN, DIAL_TIMEOUT_MS, LANE_ALPN } from '../../../../Protocol/Limits.ts';
import { peerIdOf } from '../../../../Protocol/PeerKey.ts';
import { CHANNEL_BINDING_BYTES, MEMBER_EXPORTER } from '../../../../Protocol/Private/MemberProof.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { type Address, formatAddress, normalHost } from '../../../../Shared/Network/Address.ts';
import type { ReadTarget, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { ShoalError, systemCode } from '../../../../Shared/ShoalError.ts';
import { claimsTls } from './ClientHello.ts';
import { LateHandler } from './LateHandler.ts';
import type { Incoming } from './Opening.ts';
import type { OpenConnection, ProvenStream, SecureTransport } from './Secure.ts';
import { dialFailure, givenUp, localAddressOf, noAnswer, readInto, wrapSocket } from './StreamSockets.ts';

/** Private key and certificate of this peer, as PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

interface Accepting {
  readonly opened: (stream: ProvenStream) => StreamHandler;
  readonly failed: (reason: string) => void;
  readonly remote: Address;
}

interface TlsDial {
  readonly protocol: typeof CONTROL_ALPN | typeof LANE_ALPN;
  readonly over?: OpenConnection | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly into?: ReadTarget | undefined;
  readonly from?: string | undefined;
  readonly connected?: (() => void) | undefined;
  /** The peer that must answer; undefined: any. */
  readonly expects?: PeerId | undefined;
}

/**
 * TLS 1.3 with the peers' own Ed25519 keys. Certificates are self-signed: only their key counts, and it is checked
 * before any byte is read. No session tickets: a resumed session would show no certificate.
 * @param secureLanes - whether all lanes are encrypted; relayed ones always are
 */
export function tlsTransport(identity: TlsIdentity, { secureLanes = false } = {}): SecureTransport {
  const common = {
    ...identity,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    sigalgs: 'ed25519',
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
  const protocols: readonly string[] = [CONTROL_ALPN, LANE_ALPN];
  const accepting = new Map<string, Accepting>();
  /** Shared by all dials: a context costs 1 ms of CPU. */
  let secureContext: SecureContext | undefined;
  const server = createServer({
    ...common,
    ALPNProtocols: [...protocols],
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.on('secureConnection', (socket) => {
    const entry = take(accepting, socket);
    const proof = proofOf(socket, protocols);
    if (entry === undefined || typeof proof === 'object') {
      socket.on('error', () => {});
      socket.destroy();
      entry?.failed(typeof proof === 'object' ? proof.fault : 'the connection is gone');
      return;
    }
    handOver(socket, entry.remote, proof, entry.opened);
  });
  server.on('tlsClientError', (error, socket) => {
    socket.on('error', () => {});
    take(accepting, socket)?.failed(error.message);
  });

  const dial = (address: Address, handler: StreamHandler, options: TlsDial): Promise<ProvenStream> => {
    const { protocol, signal, into, from, expects, over } = options;
    if (signal?.aborted) {
      over?.stream.destroy();
      return Promise.reject(givenUp());
    }
    const { host, port } = over?.stream.remote ?? address;
    secureContext ??= createSecureContext(common);
    const socket = tlsConnect({
      secureContext,
      rejectUnauthorized: false,
      ALPNProtocols: [protocol],
      servername: '',
      checkServerIdentity: () => undefined,
      ...(over === undefined
        ? { host, port, ...localAddressOf(from, host), ...(into && { onread: readInto(into) }) }
        : { socket: socketBelow(over) }),
    });
    return new Promise((resolve, reject) => {
      let connected = over !== undefined;
      const fail = (error: ShoalError) => {
        settle();
        socket.on('error', () => {}); // Later errors of a failed connection are irrelevant.
        socket.destroy();
        reject(error);
      };
      const timer = setTimeout(() => fail(connected ? silent(address) : noAnswer(address)), DIAL_TIMEOUT_MS);
      const failed = (error: Error) =>
        fail(connected ? noHandshake(address, error) : dialFailure(error, address));
      const stopListening = signal && onAbort(signal, () => fail(givenUp()));
      function settle() {
        clearTimeout(timer);
        stopListening?.();
        socket.off('error', failed);
      }
      socket.on('error', failed);
      socket.once('connect', () => {
        connected = true;
        socket.setNoDelay(true);
        options.connected?.();
      });
      socket.once('secureConnect', () => {
        const proof = proofOf(socket, [protocol]);
        if (typeof proof === 'object') fail(noHandshake(address, new Error(proof.fault)));
        else if (expects !== undefined && proof !== expects) fail(anotherPeer(address));
        else {
          settle();
          // The address may be a name.
          const remote = { host: normalHost(socket.remoteAddress ?? host), port };
          resolve(handOver(socket, remote, proof, () => handler, into !== undefined));
        }
      });
    });
  };

  return {
    claims: (first) => claimsTls(first, (names) => names.some((name) => protocols.includes(name))),
    accept: (incoming: Incoming, opened, failed) => {
      const socket = incoming.socket();
      const key = endOf(socket);
      accepting.set(key, { opened, failed, remote: incoming.remote });
      socket.once('close', () => accepting.delete(key));
      server.emit('connection', socket);
    },
    dial: (address, handler, options) => dial(address, handler, { ...options, protocol: CONTROL_ALPN }),
    laneOver: (expects, over, handler, signal) =>
      dial(over.stream.remote, handler, { protocol: LANE_ALPN, expects, over, signal }),
    lanes: secureLanes
      ? (expects) => (address, handler, options) =>
          dial(address, handler, { ...options, protocol: LANE_ALPN, expects })
      : undefined,
  };
}

function handOver(
  socket: TLSSocket,
  remote: Address,
  provenId: PeerId,
  handlerOf: (stream: ProvenStream) => StreamHandler,
  ownMemory = false,
): ProvenStream {
  const handler = new LateHandler();
  const stream = wrapSocket(socket, handler, remote, ownMemory);
  const channel = socket.alpnProtocol === LANE_ALPN ? 'lane' : 'control';
  const binding = () => bindingOf(socket);
  const proven: ProvenStream = { ...stream, provenId, channel, binding };
  handler.handOver(handlerOf(proven));
  return proven;
}

/** The id that the remote side has proven, or why it has proven none. */
function proofOf(socket: TLSSocket, protocols: readonly string[]): PeerId | { readonly fault: string } {
  if (!protocols.includes(socket.alpnProtocol || '')) return { fault: 'another protocol inside TLS' };
  const key = socket.getPeerX509Certificate()?.publicKey;
  if (key === undefined) return { fault: 'no certificate' };
  return key.asymmetricKeyType === 'ed25519'
    ? peerIdOf(key)
    : { fault: `a key of type ${key.asymmetricKeyType}` };
}

/** A destroyed socket has no channel to bind to, and sends nothing either. */
function bindingOf(socket: TLSSocket): Buffer {
  const none = Buffer.alloc(0);
  return socket.destroyed ? none : socket.exportKeyingMaterial(CHANNEL_BINDING_BYTES, MEMBER_EXPORTER, none);
}

/** Both ends of a socket: names a connection for as long as it is open. We may have dialled it, to a relay. */
function endOf(socket: object): string {
  const { remoteAddress, remotePort, localPort } = socket as Partial<Socket>;
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

function socketBelow({ stream }: OpenConnection): Duplex {
  if (stream.detach === undefined) throw new RangeError('no socket below this stream');
  return stream.detach(Buffer.alloc(0));
}

function take(accepting: Map<string, Accepting>, socket: TLSSocket): Accepting | undefined {
  const key = endOf(socket);
  const entry = accepting.get(key);
  accepting.delete(key);
  return entry;
}

/** The system at the address accepts connections, and the program there does not answer. */
function silent(address: Address): ShoalError {
  return new ShoalError('TIMEOUT', `${formatAddress(address)} accepts connections and does not answer`, {
    hint: 'Its computer may be asleep or busy. Try again in a moment.',
  });
}

function anotherPeer(address: Address): ShoalError {
  return new ShoalError('UNREACHABLE', `another peer answers at ${formatAddress(address)} now`);
}

function noHandshake(address: Address, cause: Error): ShoalError {
  const place = formatAddress(address);
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(systemCode(cause) ?? ''))
    return new ShoalError('UNREACHABLE', `no Shoal of this version answers at ${place}`, {
      hint: 'Check the port. A peer of version 1 must be updated.',
      cause,
    });
  return new ShoalError('UNREACHABLE', `${place} ended the encrypted handshake`, {
    hint: 'It runs an older Shoal: update it. Or it refuses connections from this computer for now.',
    cause,
  });
}

import { constants } from 'node:crypto';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { CONTROL_ALPN, DIAL_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import { peerIdOf } from '../../../../Protocol/PeerKey.ts';
import { type Address, formatAddress, normalHost } from '../../../../Shared/Address.ts';
import { onAbort } from '../../../../Shared/OnAbort.ts';
import { ShoalError, systemCode } from '../../../../Shared/ShoalError.ts';
import type { StreamHandler } from '../../../../Shared/Transport.ts';
import type { Incoming } from './Opening.ts';
import type { ProvenStream, SecureTransport } from './Secure.ts';
import { dialFailure, givenUp, wrapSocket } from './StreamSockets.ts';

/** First byte of a TLS handshake record. */
const HANDSHAKE_RECORD = 0x16;

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

/**
 * TLS 1.3 with the peers' own Ed25519 keys. Certificates are self-signed: only their key counts, and it is checked
 * before any byte is read. No session tickets: a resumed session would show no certificate.
 */
export function tlsTransport(identity: TlsIdentity): SecureTransport {
  const common = {
    ...identity,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    sigalgs: 'ed25519',
    ALPNProtocols: [CONTROL_ALPN],
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
  const accepting = new Map<string, Accepting>();
  const server = createServer({ ...common, requestCert: true });
  server.on('secureConnection', (socket) => {
    const entry = take(accepting, socket);
    const proof = proofOf(socket);
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

  return {
    claims: (first) => (first[0] === HANDSHAKE_RECORD ? 'mine' : 'not mine'),
    accept: (incoming: Incoming, opened, failed) => {
      const socket = incoming.socket();
      const key = endOf(socket);
      accepting.set(key, { opened, failed, remote: incoming.remote });
      socket.once('close', () => accepting.delete(key));
      server.emit('connection', socket);
    },
    dial: (address, handler, { signal } = {}) => {
      if (signal?.aborted) return Promise.reject(givenUp());
      const { host, port } = address;
      const socket = tlsConnect({
        ...common,
        host,
        port,
        servername: '',
        checkServerIdentity: () => undefined,
      });
      return new Promise((resolve, reject) => {
        let connected = false;
        const fail = (error: ShoalError) => {
          settle();
          socket.on('error', () => {}); // Later errors of a failed connection are irrelevant.
          socket.destroy();
          reject(error);
        };
        const timer = setTimeout(() => fail(noAnswer(address, connected)), DIAL_TIMEOUT_MS);
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
        });
        socket.once('secureConnect', () => {
          const proof = proofOf(socket);
          if (typeof proof === 'object') fail(noHandshake(address, new Error(proof.fault)));
          else {
            settle();
            // The address may be a name.
            const remote = { host: normalHost(socket.remoteAddress ?? host), port };
            resolve(handOver(socket, remote, proof, () => handler));
          }
        });
      });
    },
  };
}

function handOver(
  socket: TLSSocket,
  remote: Address,
  provenId: PeerId,
  handlerOf: (stream: ProvenStream) => StreamHandler,
): ProvenStream {
  let handler: StreamHandler = { closed: () => {} };
  const stream = wrapSocket(
    socket,
    {
      data: (bytes) => handler.data?.(bytes),
      drained: () => handler.drained?.(),
      closed: (error) => handler.closed(error),
    },
    remote,
  );
  const proven = { ...stream, provenId };
  handler = handlerOf(proven);
  return proven;
}

/** The id that the remote side has proven, or why it has proven none. */
function proofOf(socket: TLSSocket): PeerId | { readonly fault: string } {
  if (socket.alpnProtocol !== CONTROL_ALPN) return { fault: 'another protocol inside TLS' };
  const key = socket.getPeerX509Certificate()?.publicKey;
  if (key === undefined) return { fault: 'no certificate' };
  return key.asymmetricKeyType === 'ed25519'
    ? peerIdOf(key)
    : { fault: `a key of type ${key.asymmetricKeyType}` };
}

/** The remote end of a socket: names a connection for as long as it is open. */
function endOf(socket: object): string {
  const { remoteAddress, remotePort } = socket as { remoteAddress?: string; remotePort?: number };
  return `${remoteAddress} ${remotePort}`;
}

function take(accepting: Map<string, Accepting>, socket: TLSSocket): Accepting | undefined {
  const key = endOf(socket);
  const entry = accepting.get(key);
  accepting.delete(key);
  return entry;
}

function noAnswer(address: Address, connected: boolean): ShoalError {
  const what = connected ? 'accepts connections and says nothing' : 'does not answer';
  return new ShoalError('TIMEOUT', `${formatAddress(address)} ${what}`);
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

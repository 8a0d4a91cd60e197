import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { Log } from '../Log.ts';
import { asShoalError, ShoalError, systemCode } from '../ShoalError.ts';
import { type Address, formatAddress, normalHost } from './Address.ts';
import type { BindDatagram, DatagramSocket } from './Transport.ts';

/** Requested receive buffer, in bytes. A usual default holds only 256 small datagrams. */
const RECEIVE_BUFFER_BYTES = 4 * 1_024 * 1_024;

/** A real UDP socket. */
interface UdpSocket extends DatagramSocket {
  /** Size granted by the system. */
  readonly receiveBufferBytes: number;
}

/** Host that means all interfaces, IPv4 and IPv6. */
export const ALL_INTERFACES = '0.0.0.0';

/**
 * Makes a function that binds real UDP sockets and warns when the system grants a smaller receive buffer than
 * requested. `host` may be a name; without it, and for 0.0.0.0, all interfaces are bound, for IPv6 too where the
 * system has it. `send` takes numeric addresses only, and a failed send is a lost datagram. It throws ShoalError
 * PORT_IN_USE, USAGE (not an address of this computer, a privileged port), UNREACHABLE.
 */
export function bindDatagramTelling(log: Log): BindDatagram {
  return (options) => bindUdp(options, log);
}

async function bindUdp(options: Parameters<BindDatagram>[0], log: Log): Promise<UdpSocket> {
  const wanted = { host: await numericHost(options.host ?? ALL_INTERFACES), port: options.port };
  const { socket, family } = await boundSocket(wanted, options.broadcast === true);
  const receiveBufferBytes = enlargeReceiveBuffer(socket);
  if (receiveBufferBytes < RECEIVE_BUFFER_BYTES) {
    log.warn(
      `the system allows only ${receiveBufferBytes} bytes of receive buffer (asked for ${RECEIVE_BUFFER_BYTES}): ` +
        'bursts of many peers may lose datagrams. On Linux: sysctl net.core.rmem_max',
    );
  }
  return wrap(socket, family, receiveBufferBytes);
}

/** A socket for both families where all interfaces are wanted; IPv4 alone where the system has no IPv6. */
async function boundSocket(wanted: Address, broadcast: boolean): Promise<{ socket: Socket; family: 4 | 6 }> {
  const isAll = wanted.host === ALL_INTERFACES;
  if (!isAll) return bindFamily(wanted, isIPv6(wanted.host) ? 6 : 4, broadcast);
  try {
    return await bindFamily({ host: '::', port: wanted.port }, 6, broadcast);
  } catch (failure) {
    if (asShoalError(failure, 'UNREACHABLE').code === 'PORT_IN_USE') throw failure;
    return bindFamily(wanted, 4, broadcast);
  }
}

async function bindFamily(wanted: Address, family: 4 | 6, broadcast: boolean) {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup: resolveQuickly(family) });
  try {
    await bound(socket, wanted);
    if (broadcast) socket.setBroadcast(true);
    return { socket, family };
  } catch (failure) {
    closeQuietly(socket);
    throw bindFailure(failure, wanted);
  }
}

function wrap(socket: Socket, family: 4 | 6, receiveBufferBytes: number): UdpSocket {
  const { address, port } = socket.address();
  const hostOf = family === 6 ? normalHost : (host: string) => host;
  let closing: Promise<void> | undefined;
  socket.on('error', () => {}); // A failed receive is one lost datagram.
  return {
    local: { host: address === '::' ? ALL_INTERFACES : address, port },
    receiveBufferBytes,
    send: (bytes, to) => {
      try {
        // Without a callback, which costs a tenth of the rate: a lost datagram is not handled anyway.
        socket.send(bytes, to.port, to.host);
      } catch {
        // Closed, or an invalid address.
      }
    },
    onMessage: (handler) => {
      socket.on('message', (bytes, from) => handler(bytes, { host: hostOf(from.address), port: from.port }));
    },
    close: () => {
      closing ??= new Promise((resolve) => socket.close(() => resolve()));
      return closing;
    },
  };
}

function bound(socket: Socket, wanted: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port: wanted.port, address: wanted.host }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

type Resolved = (failure: NodeJS.ErrnoException | null, address: string, family: number) => void;

/**
 * Skips the resolver for numeric addresses, which saves its latency per datagram. A socket of IPv6 reaches IPv4 by
 * mapped addresses.
 */
function resolveQuickly(family: 4 | 6) {
  return (host: string, _options: unknown, done: Resolved): void => {
    const known = isIP(host);
    if (known === family) done(null, host, family);
    else if (known === 4) done(null, `::ffff:${host}`, 6);
    else done(new Error(`"${host}" is not a numeric address of this family`), host, family);
  };
}

/** @throws ShoalError USAGE for an unknown name */
async function numericHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (failure) {
    throw notOfThisMachine(host, failure);
  }
}

/** Requests the full size, then halves it where the system refuses (BSD). @returns the size granted */
function enlargeReceiveBuffer(socket: Socket): number {
  for (let size = RECEIVE_BUFFER_BYTES; size >= 64 * 1_024; size /= 2) {
    try {
      socket.setRecvBufferSize(size);
      break;
    } catch {
      // Refused: try half.
    }
  }
  try {
    // Linux reports twice the size that was set: its bookkeeping counts too (socket(7)).
    return socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1);
  } catch {
    return RECEIVE_BUFFER_BYTES; // Unknown: nothing to warn of.
  }
}

function bindFailure(failure: unknown, wanted: Address): ShoalError {
  switch (systemCode(failure)) {
    case 'EADDRINUSE':
      return new ShoalError('PORT_IN_USE', `UDP port ${wanted.port} is already in use`, {
        hint: `Another tracker or peer may be running there. Choose another port, like ${anotherPort(wanted.port)}.`,
        cause: failure,
      });
    case 'EACCES':
    case 'EPERM':
      return new ShoalError('USAGE', `not allowed to use UDP port ${wanted.port}`, {
        hint: 'Choose a port from 1024 up.',
        cause: failure,
      });
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return notOfThisMachine(formatAddress(wanted), failure);
    default:
      return asShoalError(failure, 'UNREACHABLE');
  }
}

function notOfThisMachine(place: string, cause: unknown): ShoalError {
  return new ShoalError('USAGE', `${place} is not an address of this computer`, {
    hint: 'Use 0.0.0.0 for all interfaces, or 127.0.0.1 for this computer only.',
    cause,
  });
}

function anotherPort(port: number): number {
  return port < 65_535 ? port + 1 : port - 1;
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // Not open.
  }
}

import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIPv4 } from 'node:net';
import { type Address, formatAddress } from './Address.ts';
import type { Log } from './Log.ts';
import { asShoalError, ShoalError, systemCode } from './ShoalError.ts';
import type { BindDatagram, DatagramSocket } from './Transport.ts';

/** Requested receive buffer, in bytes. A usual default holds only 256 small datagrams. */
const RECEIVE_BUFFER_BYTES = 4 * 1_024 * 1_024;

/** A real UDP socket. */
interface UdpSocket extends DatagramSocket {
  /** Size granted by the system. */
  readonly receiveBufferBytes: number;
}

/**
 * Makes a function that binds real IPv4 UDP sockets and warns when the system grants a smaller receive buffer than requested.
 * `host` defaults to all interfaces and may be a name; `send` takes numeric addresses only, and a failed send is a lost datagram.
 * It throws ShoalError PORT_IN_USE, USAGE (not an address of this machine, a privileged port), UNREACHABLE.
 */
export function bindDatagramTelling(log: Log): BindDatagram {
  return (options) => bindUdp(options, log);
}

async function bindUdp(options: Parameters<BindDatagram>[0], log: Log): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', lookup: resolveQuickly });
  const wanted = { host: options.host ?? '0.0.0.0', port: options.port };
  try {
    await bound(socket, wanted);
    if (options.broadcast === true) socket.setBroadcast(true);
  } catch (failure) {
    closeQuietly(socket);
    throw bindFailure(failure, wanted);
  }
  const receiveBufferBytes = enlargeReceiveBuffer(socket);
  if (receiveBufferBytes < RECEIVE_BUFFER_BYTES) {
    log.warn(
      `the system allows only ${receiveBufferBytes} bytes of receive buffer (asked for ${RECEIVE_BUFFER_BYTES}): ` +
        'bursts of many peers may lose datagrams. On Linux: sysctl net.core.rmem_max',
    );
  }
  return wrap(socket, receiveBufferBytes);
}

function wrap(socket: Socket, receiveBufferBytes: number): UdpSocket {
  const { address, port } = socket.address();
  let closing: Promise<void> | undefined;
  socket.on('error', () => {}); // A failed receive is one lost datagram.
  return {
    local: { host: address, port },
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
      socket.on('message', (bytes, from) => handler(bytes, { host: from.address, port: from.port }));
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

/** Skips the resolver for numeric addresses, which saves its latency per datagram. */
function resolveQuickly(
  host: string,
  _options: unknown,
  done: (failure: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  if (isIPv4(host)) done(null, host, 4);
  else lookup(host, { family: 4 }, done);
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
  // Linux reports twice the size that was set: its bookkeeping counts too (socket(7)).
  return socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1);
}

function bindFailure(failure: unknown, wanted: Address): ShoalError {
  const place = formatAddress(wanted);
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
    case 'ENOTFOUND':
      return new ShoalError('USAGE', `${place} is not an address of this machine`, {
        hint: 'Use 0.0.0.0 for all interfaces, or 127.0.0.1 for this machine only.',
        cause: failure,
      });
    default:
      return asShoalError(failure, 'UNREACHABLE');
  }
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

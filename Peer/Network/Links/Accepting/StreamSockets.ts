import { createServer, isIP, Socket, connect as tcpConnect } from 'node:net';
import { DIAL_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { type Address, formatAddress, normalHost } from '../../../../Shared/Network/Address.ts';
import type {
  ByteStream,
  Dial,
  Listen,
  ReadTarget,
  StreamHandler,
} from '../../../../Shared/Network/Transport.ts';
import { descriptorOf } from '../../../../Shared/Program/Descriptors.ts';
import { asShoalError, ShoalError, systemCode } from '../../../../Shared/ShoalError.ts';
import { LateHandler } from './LateHandler.ts';

/**
 * TCP sockets. Measured on Node 20.20 and 24.21: `onread` with a function as buffer keeps its memory over 6 million
 * reads (52 and 60 MB), so lanes may live indefinitely.
 */

/** Opens a TCP connection without Nagle's delay. @throws ShoalError UNREACHABLE, CANCELLED */
export const dial: Dial = (address, handler, { signal, into, from } = {}) => {
  if (signal?.aborted) return Promise.reject(givenUp());
  const socket = tcpConnect({
    host: address.host,
    port: address.port,
    noDelay: true,
    ...localAddressOf(from, address.host),
    ...(into === undefined ? {} : { onread: readInto(into) }),
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      fail(noAnswer(address));
    }, DIAL_TIMEOUT_MS);
    const failed = (error: Error) => fail(dialFailure(error, address));
    const settle = () => {
      clearTimeout(timer);
      stopListening?.();
      socket.off('error', failed);
    };
    function fail(error: ShoalError) {
      settle();
      socket.on('error', () => {}); // Later errors of a failed connection are irrelevant.
      socket.destroy();
      reject(error);
    }
    const stopListening = signal && onAbort(signal, () => fail(givenUp()));
    socket.on('error', failed);
    socket.once('connect', () => {
      settle();
      resolve(wrapSocket(socket, handler, address, into !== undefined));
    });
  });
};

/**
 * Listens on all interfaces, IPv6 included where available. Closing stops accepting; open streams belong to their
 * owners.
 */
export const listen: Listen = (port, accept) => {
  const server = createServer({ noDelay: true }, (socket) => {
    const remote = { host: normalHost(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const handler = new LateHandler();
    handler.handOver(accept(wrapSocket(socket, handler, remote)));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, port)));
    server.listen(port, () => {
      server.on('error', () => {}); // A failed accept (too many open files) does not affect later ones.
      const bound = server.address();
      const local =
        typeof bound === 'object' && bound !== null
          ? { host: bound.address, port: bound.port }
          : { host: '0.0.0.0', port };
      resolve({
        local,
        close: async () => {
          if (server.listening) server.close();
        },
      });
    });
  });
};

/** Socket option for an own address to dial from, where it is of the family of the target. */
export function localAddressOf(from: string | undefined, host: string): { localAddress?: string } {
  return from !== undefined && isIP(from) === isIP(host) ? { localAddress: from } : {};
}

/** Socket option that reads into memory of the owner. */
export function readInto(into: ReadTarget) {
  return {
    buffer: () => into.nextBuffer(),
    callback: (bytes: number) => into.filled(bytes),
  };
}

/** A socket as a byte stream. @param ownMemory - the bytes are read into a ReadTarget */
export function wrapSocket(
  first: Socket,
  handler: StreamHandler,
  remote: Address,
  ownMemory = false,
): ByteStream {
  let socket = first;
  let failure: Error | undefined;
  const failed = (error: Error) => {
    failure ??= error;
    // A TLS socket stays open after a record that was changed on its way.
    socket.destroy();
  };
  const drained = () => handler.drained?.();
  const data = (bytes: Buffer) => handler.data?.(bytes);
  const closed = () => handler.closed(failure);
  socket.on('error', failed).on('close', closed).on('drain', drained);
  if (!ownMemory) socket.on('data', data);
  return {
    remote,
    localHost: socket.localAddress === undefined ? undefined : normalHost(socket.localAddress),
    write: (bytes, done) => {
      if (!socket.writable) {
        if (done !== undefined) setImmediate(done);
        return false;
      }
      return socket.write(bytes, done && (() => done()));
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    descriptor: () => descriptorOf(socket),
    readInto: (into) => {
      const next = overHandleOf(socket, into);
      if (next === undefined) return false;
      socket.off('close', closed).destroy();
      socket = next.on('error', failed).on('close', closed).on('drain', drained);
      return true;
    },
    detach: (unread) => {
      socket.off('data', data);
      socket.off('drain', drained);
      socket.pause();
      socket.unshift(unread);
      // The last listener for `readable` that goes lets the next one for `data` begin to read.
      socket.on('readable', drained);
      socket.off('readable', drained);
      return socket;
    },
  };
}

/**
 * A socket that takes over the handle of a plain one and reads into memory of the owner, which Node offers for dialled
 * connections only. Undefined: not plain, closed, or bytes are under way in its buffers.
 */
function overHandleOf(socket: Socket, into: ReadTarget): Socket | undefined {
  if (descriptorOf(socket) === undefined || socket.writableLength + socket.readableLength > 0)
    return undefined;
  const holder = socket as { _handle?: object | null };
  const options = { allowHalfOpen: false, handle: holder._handle, onread: readInto(into) };
  const next = new Socket(options);
  holder._handle = null;
  return next;
}

export function givenUp(): ShoalError {
  return new ShoalError('CANCELLED', 'the connection attempt was cancelled');
}

export function dialFailure(error: Error, address: Address): ShoalError {
  const place = formatAddress(address);
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
      return new ShoalError('UNREACHABLE', `nothing listens on ${place}`, {
        hint: 'Is the peer running there? Its first lines name its port.',
        cause: error,
      });
    case 'ETIMEDOUT':
      return noAnswer(address, error);
    default:
      return new ShoalError('UNREACHABLE', `${place} cannot be reached`, {
        hint: 'Check the address, and that a firewall lets TCP through.',
        cause: error,
      });
  }
}

function listenFailure(error: Error, port: number): ShoalError {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new ShoalError('PORT_IN_USE', `TCP port ${port} is already in use`, {
        hint: `Another peer may be running there. Try port ${port < 65_535 ? port + 1 : port - 1}.`,
        cause: error,
      });
    case 'EACCES':
      return new ShoalError('USAGE', `not allowed to listen on TCP port ${port}`, {
        hint: 'Choose a port from 1024 up.',
        cause: error,
      });
    default:
      return asShoalError(error, 'UNREACHABLE');
  }
}

export function noAnswer(address: Address, cause?: Error): ShoalError {
  return new ShoalError('UNREACHABLE', `${formatAddress(address)} does not answer`, { cause });
}

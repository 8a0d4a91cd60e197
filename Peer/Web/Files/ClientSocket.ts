import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Address, normalHost } from '../../../Shared/Network/Address.ts';
import { descriptorOf } from '../../../Shared/Program/Descriptors.ts';
import type { PlainSocket } from '../../Transfer.ts';

/** Time without any byte in either direction after which a connection is closed, in milliseconds. */
export const IDLE_MS = 60_000;

/** Address of the client of a request. */
export function remoteOf({ socket }: IncomingMessage): Address {
  return { host: normalHost(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
}

const endings = new WeakMap<Socket, AbortSignal>();

/**
 * Aborted when the connection of a request is gone. An answer to a pipelined request is not closed with its connection
 * while answers before it are pending.
 */
export function goneOf({ socket }: IncomingMessage): AbortSignal {
  const known = endings.get(socket);
  if (known !== undefined) return known;
  if (socket.destroyed) return AbortSignal.abort();
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  endings.set(socket, gone.signal);
  return gone.signal;
}

/**
 * Runs a transfer without the limit of IDLE_MS: waiting for an upload slot may take longer. Transfers that stall are
 * ended by the serving desk.
 */
export async function withoutIdleLimit<T>({ socket }: IncomingMessage, transfer: Promise<T>): Promise<T> {
  socket.setTimeout(0);
  try {
    return await transfer;
  } finally {
    socket.setTimeout(IDLE_MS);
  }
}

/**
 * The socket of an answer, for sending files without copies. It has no descriptor while answers to earlier requests
 * of the connection are pending.
 * @param begin - sends the headers of the answer
 */
export function plainSocketOf(response: ServerResponse, begin: () => void): PlainSocket {
  return {
    ready: () =>
      new Promise((resolve) => {
        begin();
        response.flushHeaders();
        const { socket } = response;
        if (socket === null || socket.writableLength === 0 || socket.destroyed) resolve();
        else socket.write('', () => resolve());
      }),
    descriptor: () => {
      const { socket } = response;
      return socket === null || socket.writableLength > 0 ? undefined : descriptorOf(socket);
    },
  };
}

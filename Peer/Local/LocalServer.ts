import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../Shared/Log.ts';
import { asShoalError } from '../../Shared/ShoalError.ts';
import { requestHello } from './LocalClient.ts';
import {
  BoundedLines,
  LOCAL_VERSION,
  type LocalHello,
  type LocalRequest,
  REQUEST_BYTES_MAX,
  readRequest,
} from './LocalMessages.ts';
import { makeRuntimeFolder, socketPath } from './RuntimeFolder.ts';

/** Concurrent clients; further connections are closed. */
const CLIENTS_MAX = 64;

type LocalRun = Extract<LocalRequest, { ask: 'run' }>;

export interface LocalServerOptions {
  readonly folder: string;
  readonly port: number;
  readonly hello: () => Omit<LocalHello, 'version'>;
  /** Runs a command; the signal aborts when its client asks for it, or disconnects. Never rejects. */
  readonly run: (
    request: LocalRun,
    signal: AbortSignal,
    progress: (event: object) => void,
  ) => Promise<object>;
  readonly log: Log;
}

/** Local socket of a running peer, for `shoal` commands of the same user on this computer. */
export class LocalServer {
  readonly #options: LocalServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: LocalServerOptions) {
    this.#options = options;
  }

  /** Opens the socket. Never rejects: the peer works without it, and the log has the reason. */
  async start(): Promise<void> {
    const { folder, port, log } = this.#options;
    const path = socketPath(folder, port);
    try {
      await makeRuntimeFolder(folder);
      if (process.platform !== 'win32') {
        // This peer holds the TCP port, so the former owner of the socket is gone, unless it lives in another
        // network namespace.
        const other = await requestHello(path);
        if (other !== undefined && other !== 'stale') return log.debug(`${path} belongs to another peer`);
        await rm(path, { force: true });
      }
      if (this.#closed !== undefined) return;
      const server = createServer((socket) => this.#serve(socket));
      this.#server = server;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      server.on('error', (failure) => log.debug(`local socket: ${failure.message}`));
      if (process.platform !== 'win32') await chmod(path, 0o600);
    } catch (failure) {
      this.#server = undefined;
      log.debug(
        `the local socket for shoal commands is not available: ${asShoalError(failure, 'LOCAL_CONFLICT').message}`,
      );
    }
  }

  /** Disconnects all clients and removes the socket. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      for (const socket of this.#sockets) socket.destroy();
      if (this.#server?.listening) this.#server.close(() => resolve());
      else resolve();
    });
    return this.#closed;
  }

  #serve(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#sockets.size >= CLIENTS_MAX) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const gone = new AbortController();
    socket.on('close', () => {
      this.#sockets.delete(socket);
      gone.abort();
    });
    const lines = new BoundedLines(REQUEST_BYTES_MAX);
    let asked = false;
    socket.on('data', (chunk) => {
      try {
        for (const line of lines.push(chunk)) {
          if (asked)
            gone.abort(); // Any further line is an abort.
          else {
            asked = true;
            void this.#answer(socket, line, gone.signal);
          }
        }
      } catch (failure) {
        this.#options.log.debug(asShoalError(failure, 'BAD_FRAME').message);
        socket.destroy();
      }
    });
  }

  async #answer(socket: Socket, line: string, signal: AbortSignal): Promise<void> {
    const { hello, run, log } = this.#options;
    const tell = (value: object) => socket.write(`${JSON.stringify(value)}\n`);
    try {
      const request = readRequest(line);
      if (request.ask === 'hello') tell({ ...hello(), version: LOCAL_VERSION });
      else {
        const answer = await run(request, signal, (event) => {
          // Progress lines are dropped while the client is slow.
          if (socket.writableLength === 0) tell(event);
        });
        tell({ event: 'answer', ...answer });
      }
      socket.end();
    } catch (failure) {
      const { code, message } = asShoalError(failure, 'BAD_FRAME');
      log.debug(`local socket: ${message}`);
      tell({ event: 'refused', code, message });
      socket.end();
    }
  }
}

import type { Duplex } from 'node:stream';
import type { WebConnection, WebOccupant, WebOptions } from './Web/Ports.ts';
import type { WebServer } from './Web/WebServer.ts';

export type {
  CommandWord,
  WebConnection,
  WebHost,
  WebLevel,
  WebOccupant,
  WebOptions,
} from './Web/Ports.ts';

const BUSY = Buffer.from(
  'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n',
);

/**
 * HTTP on the port of the peer: files, API and page. The server is loaded when the first request arrives, so that a
 * peer starts without it.
 */
export class WebManager {
  readonly #options: WebOptions;
  #server: Promise<WebServer> | undefined;
  #closed = false;

  constructor(options: WebOptions) {
    this.#options = options;
  }

  /** Takes over a connection that begins with a request. */
  accept(connection: WebConnection): WebOccupant {
    if (connection.full || this.#closed) return refuse(connection);
    const { clock, log } = this.#options;
    const socket = connection.socket();
    let requests = 0;
    let idleSinceMs = clock.nowMs();
    const use = (change: 1 | -1) => {
      connection.settle();
      requests += change;
      idleSinceMs = clock.nowMs();
    };
    void this.#serve(socket, use).catch((failure: unknown) => {
      log.warn(`HTTP is not available: ${String(failure)}`);
      socket.destroy();
    });
    return {
      idleMs: (nowMs) => (requests > 0 ? undefined : nowMs - idleSinceMs),
      evict: () => void socket.destroy(),
    };
  }

  /** Ends streams of events. The connections belong to the port. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#server?.then(
      (server) => server.close(),
      () => {},
    );
  }

  async #serve(socket: Duplex, use: (change: 1 | -1) => void): Promise<void> {
    this.#server ??= import('./Web/WebServer.ts').then(({ WebServer }) => new WebServer(this.#options));
    const server = await this.#server;
    if (this.#closed) socket.destroy();
    else server.connection(socket, use);
  }
}

function refuse(connection: WebConnection): WebOccupant {
  connection.stream((stream) => {
    stream.write(BUSY);
    stream.end();
    return { closed: () => {} };
  });
  return { idleMs: () => undefined, evict: () => {} };
}

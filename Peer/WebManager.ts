import type { Duplex } from 'node:stream';
import type { WebConnection, WebOccupant, WebOptions } from './Web/Ports.ts';
import type { WebServer } from './Web/WebServer.ts';

export { OneTimeCodes } from './Web/Access/OneTimeCodes.ts';
export { ShareLinks } from './Web/Links/ShareLinks.ts';
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
  #secure: Promise<(socket: Duplex) => Duplex> | undefined;
  #closed = false;

  constructor(options: WebOptions) {
    this.#options = options;
  }

  /** Takes over a connection that begins with a request. */
  accept(connection: WebConnection): WebOccupant {
    if (connection.full || this.#closed) return refuse(connection, BUSY);
    return this.#take(connection, async (socket) => socket);
  }

  /** Takes over a connection that begins with a TLS handshake. */
  acceptSecure(connection: WebConnection): WebOccupant {
    if (connection.full || this.#closed) return refuse(connection, undefined);
    return this.#take(connection, async (socket) => (await this.#secured())(socket));
  }

  /** Ends streams of events. The connections belong to the port. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#server?.then(
      (server) => server.close(),
      () => {},
    );
  }

  #take(connection: WebConnection, wrap: (socket: Duplex) => Promise<Duplex>): WebOccupant {
    const { clock, log } = this.#options;
    const socket = connection.socket();
    let requests = 0;
    let idleSinceMs = clock.nowMs();
    const use = (change: 1 | -1) => {
      connection.settle();
      requests += change;
      idleSinceMs = clock.nowMs();
    };
    const serve = async () => {
      const server = await this.#loaded();
      const wrapped = await wrap(socket);
      if (this.#closed) socket.destroy();
      else server.connection(wrapped, use);
    };
    void serve().catch((failure: unknown) => {
      log.warn(`HTTP is not available: ${String(failure)}`);
      socket.destroy();
    });
    return {
      idleMs: (nowMs) => (requests > 0 ? undefined : nowMs - idleSinceMs),
      evict: () => void socket.destroy(),
    };
  }

  #loaded(): Promise<WebServer> {
    this.#server ??= import('./Web/WebServer.ts').then(({ WebServer }) => new WebServer(this.#options));
    return this.#server;
  }

  #secured(): Promise<(socket: Duplex) => Duplex> {
    this.#secure ??= Promise.all([import('./Web/SecureSockets.ts'), this.#options.identity()]).then(
      ([{ secureSockets }, identity]) => secureSockets(identity),
    );
    return this.#secure;
  }
}

/** @param answer - undefined: the client speaks TLS, and gets none */
function refuse(connection: WebConnection, answer: Uint8Array | undefined): WebOccupant {
  connection.stream((stream) => {
    if (answer !== undefined) stream.write(answer);
    stream.end();
    return { closed: () => {} };
  });
  return { idleMs: () => undefined, evict: () => {} };
}

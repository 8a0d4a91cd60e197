import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { MetricSet } from '../../Shared/Program/MetricSet.ts';
import { asShoalError } from '../../Shared/ShoalError.ts';
import { allowedMethods, denialOf, type RequestFacts, targetHost } from './Access/Guard.ts';
import { GuestLimits } from './Access/GuestLimits.ts';
import { isSecure, Owner } from './Access/Owner.ts';
import { Api } from './Api/Api.ts';
import { denialJson, failureJson } from './Api/Envelope.ts';
import { DropApp } from './Drop/DropApp.ts';
import { byIdApp } from './Files/ByIdApp.ts';
import { IDLE_MS } from './Files/ClientSocket.ts';
import { networkApp } from './Files/NetworkApp.ts';
import { sharedFilesApp } from './Files/SharedFilesApp.ts';
import { linkApp } from './Links/LinkApp.ts';
import { MetalinkMaker } from './Metalink/MetalinkMaker.ts';
import { pageApp } from './Page.ts';
import type { WebEnv, WebFacts, WebOptions } from './Ports.ts';

const HEADER_BYTES_MAX = 16 * 1_024;
/** Time for the headers of a request. */
const HEADERS_MS = 10_000;

/** Headers of every answer: nothing of it is used by other sites, framed, or run as a script of another origin. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; " +
    "form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

type Use = (change: 1 | -1) => void;

/** The HTTP server: hands each request that passes the guard to files, API or page. */
export class WebServer {
  readonly #options: WebOptions;
  readonly #api: Api;
  readonly #server: Server;
  readonly #uses = new WeakMap<Duplex, Use>();
  #metrics: Promise<MetricSet<WebFacts>> | undefined;

  constructor(options: WebOptions) {
    this.#options = options;
    const limits = new GuestLimits(options.clock);
    const owner = new Owner(options);
    this.#api = new Api(options, limits, owner);
    const app = new Hono<WebEnv>();
    app.route('/s', linkApp(options, limits));
    if (!options.isPrivate) this.#open(app, limits, owner);
    app.notFound((c) => {
      const allowed = allowedMethods(c.req.path);
      if (options.isPrivate || allowed.includes(c.req.method))
        return c.text('404: there is nothing at this address\n', 404);
      const text = `405: this address takes ${allowed.join(' and ')} only\n`;
      return c.text(text, 405, { Allow: allowed.join(', ') });
    });
    app.onError((failure, c) => {
      options.log.warn(`HTTP: ${c.req.method} failed: ${failure.stack ?? failure.message}`);
      const { code, message } = asShoalError(failure, 'CLOSED');
      return c.body(`${failureJson('', code, message, 'Try again.')}\n`, 500, JSON_TYPE);
    });
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    this.#server = createServer(
      { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_MS, requestTimeout: 0 },
      (request, response) => this.#request(request, response, listener),
    );
    this.#server.timeout = IDLE_MS;
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      // A drop is decided upon before its body is sent.
      if (!request.url?.startsWith('/drop/')) response.writeContinue();
      this.#request(request, response, listener);
    });
    // The server does not listen itself: this starts its check of timeouts.
    this.#server.emit('listening');
  }

  /** Serves the requests of a connection. @param use - called at the begin (1) and end (-1) of each */
  connection(socket: Duplex, use: Use): void {
    this.#uses.set(socket, use);
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#api.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Adds everything that a peer of the open network answers. */
  #open(app: Hono<WebEnv>, limits: GuestLimits, owner: Owner): void {
    const options = this.#options;
    app.get('/healthz', (c) => c.text('ok\n'));
    app.get('/metrics', async (c) => {
      if (!limits.allows(c.env.incoming)) return c.text('', 429);
      // Loaded by the first request for metrics: most first requests are for a file.
      this.#metrics ??= import('./Metrics.ts').then(({ peerMetrics }) =>
        peerMetrics(() => options.host.facts()),
      );
      const metrics = await this.#metrics;
      return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType });
    });
    app.route('/api/v1', this.#api.app);
    const metalinks = new MetalinkMaker(options);
    app.route('/files', sharedFilesApp(options, limits, metalinks));
    app.route('/by-id', byIdApp(options, limits, metalinks));
    app.route('/drop', new DropApp(options, limits, owner).app);
    app.route('/network', networkApp(options, limits, metalinks));
    app.route('/', pageApp(options));
  }

  #request(
    request: IncomingMessage,
    response: ServerResponse,
    listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): void {
    // A client that goes during the answer is no error of the peer.
    response.on('error', () => {});
    const use = this.#uses.get(request.socket);
    use?.(1);
    response.once('close', () => use?.(-1));
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const denial = denialOf(factsOf(request), this.#options.hostNames);
    if (denial === undefined) {
      void listener(request, response);
      return;
    }
    if (denial.status === 405) response.setHeader('Allow', allowedMethods(request.url ?? '/').join(', '));
    response.writeHead(denial.status, { ...JSON_TYPE, Connection: 'close' });
    response.end(`${denialJson(denial)}\n`);
  }
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

function factsOf(request: IncomingMessage): RequestFacts {
  const { method = '', url = '/', headers, headersDistinct } = request;
  const one = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  return {
    method,
    secure: isSecure(request),
    // Readers differ in which of two they take.
    host: headersDistinct.host?.length === 1 ? targetHost(url, one('host')) : undefined,
    origin: one('origin'),
    fetchSite: one('sec-fetch-site'),
    fetchMode: one('sec-fetch-mode'),
  };
}

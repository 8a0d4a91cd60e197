import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Address, formatAddress } from '../../Shared/Network/Address.ts';
import { asShoalError, ShoalError, systemCode } from '../../Shared/ShoalError.ts';

/** Scrapers and probes that are served at once. */
const CONNECTIONS_MAX = 32;
const HEADER_BYTES_MAX = 8 * 1_024;
/** Time for a whole request. */
const REQUEST_MS = 10_000;

/** The text of `/metrics`, made for each request. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface MetricsServer {
  readonly local: Address;
  close(): Promise<void>;
}

/** Serves `/metrics` and `/healthz` over HTTP, and nothing else. @throws ShoalError PORT_IN_USE, USAGE */
export async function serveMetrics(at: Address, metrics: MetricsText): Promise<MetricsServer> {
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => {
      response.on('error', () => {});
      void answer(request, response, metrics);
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listening(server, at);
  server.on('error', () => {}); // A failed accept does not affect later ones.
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : at.port;
  return {
    local: { host: at.host, port },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: MetricsText,
): Promise<void> {
  const [path] = (request.url ?? '').split('?');
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'only GET and HEAD\n');
  if (path === '/healthz') return end(response, 200, 'ok\n');
  if (path !== '/metrics') return end(response, 404, 'there is /metrics and /healthz\n');
  try {
    end(response, 200, await metrics.text(), metrics.contentType);
  } catch (failure) {
    end(response, 500, `${asShoalError(failure, 'CLOSED').message}\n`);
  }
}

function end(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

function listening(server: Server, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (failure) => reject(listenFailure(failure, at)));
    server.listen(at.port, at.host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenFailure(failure: Error, at: Address): ShoalError {
  const place = formatAddress(at);
  if (systemCode(failure) === 'EADDRINUSE')
    return new ShoalError('PORT_IN_USE', `TCP port ${at.port} for metrics is already in use`, {
      hint: 'Choose another one: --metrics 127.0.0.1:PORT',
      cause: failure,
    });
  return new ShoalError('USAGE', `metrics cannot be served at ${place}`, {
    hint: 'Use an address of this computer and a port from 1024 up, like --metrics 127.0.0.1:9469.',
    cause: failure,
  });
}

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../dist/Web/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/**
 * Answers by path without `/api/v1`, or by method and path; a function is called with the query. Of uploads:
 * functions by `PUT /drop/…`, which get the headers and answer with `status` and `headers`.
 */
export type MockAnswers = Record<string, unknown>;

/** A request with an effect. */
interface MockChange {
  readonly what: string;
  readonly body: unknown;
}

export interface MockPeer {
  readonly address: string;
  readonly changes: readonly MockChange[];
  readonly close: () => Promise<void>;
}

/** Serves the built page with prepared answers, including states that a real peer reaches late or never. */
export async function startMockPeer(
  answers: MockAnswers,
  events: Readonly<Record<string, readonly unknown[]>> = {},
) {
  const changes: MockChange[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mock');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const method = request.method ?? 'GET';
    if (method !== 'GET')
      changes.push({ what: `${method} ${pathname}`, body: body === '' ? undefined : parsed(body) });
    if (pathname === '/api/v1/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (const [name, items] of Object.entries(events)) {
        response.write(`event: ${name}\ndata: ${JSON.stringify({ version: 1, ok: true, items })}\n\n`);
      }
      return;
    }
    if (pathname.startsWith('/api/v1/')) {
      const path = pathname.slice('/api/v1'.length);
      const given = answers[`${method} ${path}`] ?? answers[path];
      const answer = typeof given === 'function' ? given(searchParams) : given;
      const isKnown = answer !== undefined || method !== 'GET';
      const error = { code: 'NOT_FOUND', message: 'nothing there', hint: null };
      response.writeHead(isKnown ? 200 : 404, { 'Content-Type': 'application/json' });
      response.end(
        JSON.stringify(isKnown ? { version: 1, ok: true, ...answer } : { version: 1, ok: false, error }),
      );
      return;
    }
    if (method === 'GET') return sendPage(pathname, answers, response);
    const given = answers[`${method} ${pathname}`];
    const { status = 201, headers = {} } = typeof given === 'function' ? given(request.headers) : {};
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    changes,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  } satisfies MockPeer;
}

function sendPage(
  pathname: string,
  answers: MockAnswers,
  response: import('node:http').ServerResponse,
): void {
  const given = answers[decodeURIComponent(pathname)];
  try {
    const content = given ?? readFileSync(join(PAGE, pathname === '/' ? 'index.html' : pathname));
    response.writeHead(200, {
      'Content-Type': TYPES[extname(pathname === '/' ? 'index.html' : pathname)] ?? 'text/plain',
      'Content-Security-Policy': "default-src 'self'",
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

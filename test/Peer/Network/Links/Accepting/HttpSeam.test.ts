import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { Bans } from '../../../../../Peer/Network/Links/Accepting/Bans.ts';
import { ConnectionAcceptor } from '../../../../../Peer/Network/Links/Accepting/ConnectionAcceptor.ts';
import { claimsHttp } from '../../../../../Peer/Network/Links/Accepting/HttpRefusal.ts';
import type { Opening } from '../../../../../Peer/Network/Links/Accepting/Opening.ts';
import { listen } from '../../../../../Peer/Network/Links/Accepting/StreamSockets.ts';
import { systemClock } from '../../../../../Shared/Time/Clock.ts';

/** A server of node:http behind the acceptor, on a loopback port. */
async function httpBehindAcceptor() {
  const server = createServer(async (request, response) => {
    response.end(`${request.method} ${request.url} ${await text(request)}`);
  });
  const http: Opening = {
    name: 'http',
    claims: claimsHttp,
    accept: (incoming) => {
      const socket = incoming.socket();
      server.emit('connection', socket);
      incoming.settle();
      return { idleMs: () => undefined, evict: () => socket.destroy() };
    },
  };
  const counters = { refusedConnections: 0, foreignConnections: 0, evictedConnections: 0 };
  const acceptor = new ConnectionAcceptor({
    clock: systemClock,
    bans: new Bans(),
    counters,
    openings: [http],
    connectionsMax: 8,
  });
  const listener = await listen(0, acceptor.accept);
  onTestFinished(async () => {
    await listener.close();
    await acceptor.close();
  });
  return listener.local.port;
}

test.each([
  ['whole', ['POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello']],
  [
    'in pieces',
    ['P', 'OST /a HTTP/1.1\r\nHost: x\r\nConn', 'ection: close\r\nContent-Length: 5\r\n\r\nhe', 'llo'],
  ],
])('a request sent %s reaches the HTTP server behind the port', async (_how, pieces) => {
  const socket = connect({ port: await httpBehindAcceptor(), host: '127.0.0.1', noDelay: true });
  for (const piece of pieces) await new Promise((written) => socket.write(piece, written));
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*POST \/a hello/);
});

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { PlainSocket } from '../../../Peer/Transfer.ts';
import { FakeWebHost, webOn } from './FakeWebHost.ts';

test('metrics are figures of the peer, without names', async () => {
  const host = new FakeWebHost();
  host.running = [{ state: 'fetching' }, { state: 'fetching' }, { state: 'done' }] as never;
  const { base } = await webOn(host);
  await fetch(`${base}/metrics`);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toMatch(/^shoal_sent_bytes_total 123$/m);
  expect(metrics).toMatch(/^shoal_violations_total 3$/m);
  expect(metrics).toMatch(/^shoal_links 1$/m);
  expect(metrics).toMatch(/^shoal_downloads\{state="fetching"\} 2$/m);
  expect(metrics).not.toContain('secret');
  expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok\n');
});

test.each([
  ['DELETE /files/a', 'GET, HEAD'],
  ['OPTIONS /files/a', 'GET, HEAD'],
  ['PUT /network/a', 'GET, HEAD'],
  ['GET /drop/a', 'PUT, POST'],
  ['TRACE /api/v1/status', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
])('%s is answered with 405 and the methods of the address', async (line, allowed) => {
  const { port } = await webOn(new FakeWebHost());
  const answer = await rawAnswer(port, `${line} HTTP/1.1\r\nHost: localhost`);
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  expect(/\r\nallow: (.*)\r\n/i.exec(answer)?.[1]).toBe(allowed);
});

test.each([
  ['http://localhost/healthz', 200],
  ['http://127.0.0.1:9001/healthz', 200],
  ['http://other.example/healthz', 403],
  ['http://localhost@other.example/healthz', 403],
  ['http:///healthz', 400],
  ['ftp://localhost/healthz', 400],
])('the host of an absolute address counts, whatever Host says: %s', async (url, status) => {
  const { port } = await webOn(new FakeWebHost());
  const answer = await rawAnswer(port, `GET ${url} HTTP/1.1\r\nHost: localhost`);
  expect(answer.split(' ')[1]).toBe(String(status));
});

function rawAnswer(port: number, head: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

test('a client that disconnects during a download does not harm the peer', async () => {
  const host = new FakeWebHost();
  host.contents.set('a', Buffer.alloc(1_000_000));
  let gone = () => {};
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  host.beforeSend = () => closed;
  const { port, base } = await webOn(host);
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n');
  while (host.sends === 0) await fetch(`${base}/healthz`);
  socket.destroy();
  await fetch(`${base}/healthz`);
  gone();
  host.beforeSend = async () => {};
  expect((await (await fetch(`${base}/files/a`)).arrayBuffer()).byteLength).toBe(1_000_000);
});

test.each([
  ['pipelined requests', Array.from({ length: 5 }, () => '/files/a')],
  ['a zip', ['/files/?format=zip']],
  ['a tar', ['/files/?format=tar']],
])('%s of a client that reads nothing and disconnects: no send remains', async (_what, paths) => {
  const host = new FakeWebHost();
  // More than the buffers of the connection take.
  host.contents.set('a', Buffer.alloc(20_000_000));
  const { port } = await webOn(host);
  const socket = connect({ port, host: '127.0.0.1' });
  socket.pause();
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''));
  await expect.poll(() => host.sends).toBe(paths.length);
  expect(host.ended).toBe(0);
  socket.destroy();
  await expect.poll(() => host.ended).toBe(paths.length);
});

test('only the answer whose turn it is lends its socket, with everything before sent', async () => {
  const host = new FakeWebHost();
  for (const path of ['a', 'b']) host.contents.set(path, Buffer.from(`${path}\n`));
  const sinks: PlainSocket[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  host.beforeSend = ({ plain }) => {
    if (plain !== undefined) sinks.push(plain);
    return held;
  };
  const { port } = await webOn(host);
  const socket = connect({ port, host: '127.0.0.1' });
  const received = text(socket);
  socket.write('GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n');
  socket.write('GET /files/b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await expect.poll(() => sinks).toHaveLength(2);
  await Promise.all(sinks.map((plain) => plain.ready()));
  expect(sinks.map((plain) => plain.descriptor())).toEqual([expect.any(Number), undefined]);
  release();
  const [first, second] = (await received).split(/\r\n\r\n/).slice(1);
  expect([first?.startsWith('a\nHTTP/1.1 200'), second]).toEqual([true, 'b\n']);
  expect(sinks.map((plain) => plain.descriptor())).toEqual([undefined, undefined]);
});

test.each([
  ['no Host', 'GET / HTTP/1.0\r\n\r\n', 400],
  [
    'two Hosts',
    'GET /files/a HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    400,
  ],
  ['another Host', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 403],
  [
    'two lengths',
    'POST /api/v1/downloads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
  ],
  [
    'length and chunks',
    'POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
  ],
  ['a huge header', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['no such method', 'OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['no such page', 'GET /etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 404],
])('%s', async (_what, request, status) => {
  const { port } = await webOn();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(request);
  expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { httpGet } from '../../../../Peer/Web/Metalink/HttpGet.ts';

/** The answer of a server, within 100 bytes and `timeoutMs`. */
async function ask(answer: RequestListener, method: 'GET' | 'HEAD' = 'GET', timeoutMs = 10_000) {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/by-id/x`;
  return httpGet({ url, method, bytesMax: 100, timeoutMs });
}

test('status, ETag and body; no body of HEAD', async () => {
  const answer: RequestListener = (_, response) =>
    response.writeHead(200, { ETag: '"x"' }).end('y'.repeat(100));
  expect(await ask(answer)).toEqual({ status: 200, etag: '"x"', body: Buffer.from('y'.repeat(100)) });
  expect(await ask(answer, 'HEAD')).toEqual({ status: 200, etag: '"x"', body: Buffer.alloc(0) });
});

test('a redirection is not followed', async () => {
  let requests = 0;
  const reply = await ask((_, response) => {
    requests++;
    response.writeHead(302, { Location: '/elsewhere' }).end();
  });
  expect([reply?.status, requests]).toEqual([302, 1]);
});

test.each<[string, RequestListener, number]>([
  ['a byte too much', (_, response) => void response.end('y'.repeat(101)), 10_000],
  ['no end', (_, response) => void response.write('y'), 20],
  ['no answer', () => {}, 20],
  ['a connection that breaks', (request) => void request.socket.destroy(), 10_000],
  ['no HTTP', (request) => void request.socket.end('nonsense\r\n\r\n'), 10_000],
])('%s is no answer', async (_, answer, timeoutMs) => {
  expect(await ask(answer, 'GET', timeoutMs)).toBeUndefined();
});

test('the rest of a long answer is not received', async () => {
  let closed = false;
  await ask((_, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.write('y'.repeat(101));
  });
  await expect.poll(() => closed).toBe(true);
});

test('a closed port is no answer', async () => {
  const url = 'http://127.0.0.1:1/';
  expect(await httpGet({ url, method: 'GET', bytesMax: 1, timeoutMs: 10_000 })).toBeUndefined();
});

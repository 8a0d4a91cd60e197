import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeWebHost, OWNER, webOn } from '../FakeWebHost.ts';

const put = (address: string, body: string, headers: Record<string, string> = {}) =>
  fetch(address, { method: 'PUT', body, headers });

const NO_PATH = expect.not.stringContaining('/home');

test('a file is received, and the answer has its path', async () => {
  const { base, host } = await webOn();
  const answer = await put(`${base}/drop/f/a%20b.txt`, 'hello');
  expect([answer.status, answer.headers.get('location'), await answer.json()]).toMatchObject([
    201,
    '/files/f/a%20b.txt',
    { ok: true, command: 'drop', items: [{ id: 'f'.repeat(64), path: 'f/a b.txt', size: 5 }] },
  ]);
  expect(host.dropped).toMatchObject([{ path: 'f/a b.txt', size: 5, byOwner: false }]);
  expect(host.dropped[0]?.bytes.toString()).toBe('hello');
  expect((await put(`${base}/drop/b`, 'x', OWNER)).status).toBe(201);
  expect(host.dropped[1]?.byOwner).toBe(true);
});

describe('resuming', () => {
  test('the client asks for the received length, and sends the rest', async () => {
    const { base } = await webOn();
    const ask = () => put(`${base}/drop/a`, '', { 'Content-Range': 'bytes */10' });
    const none = await ask();
    expect([none.status, none.headers.get('range'), none.headers.get('upload-offset')]).toEqual([
      308,
      null,
      '0',
    ]);
    const part = await put(`${base}/drop/a`, '0123', { 'Content-Range': 'bytes 0-3/10' });
    expect([part.status, part.headers.get('range')]).toEqual([308, 'bytes=0-3']);
    expect((await ask()).headers.get('upload-offset')).toBe('4');
    const rest = await put(`${base}/drop/a`, '456789', { 'Content-Range': 'bytes 4-9/10' });
    expect(rest.status).toBe(201);
  });

  test('a gap, and bytes received before, are refused with the right offset', async () => {
    const { base, host } = await webOn();
    await put(`${base}/drop/a`, '0123', { 'Content-Range': 'bytes 0-3/10' });
    for (const range of ['bytes 5-9/10', 'bytes 2-9/10']) {
      const body = range.includes('5-') ? '56789' : '23456789';
      const answer = await put(`${base}/drop/a`, body, { 'Content-Range': range });
      expect([answer.status, answer.headers.get('upload-offset')]).toEqual([409, '4']);
    }
    expect(host.dropped[0]?.bytes.toString()).toBe('0123');
  });

  test('bytes of a broken connection are kept', async () => {
    const { port, base, host } = await webOn();
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('PUT /drop/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123');
    while (host.dropped[0]?.bytes.length !== 4) await fetch(`${base}/healthz`);
    socket.destroy();
    while (host.left === 0) await fetch(`${base}/healthz`);
    const rest = await put(`${base}/drop/a`, '456789', { 'Content-Range': 'bytes 4-9/10' });
    expect([rest.status, host.dropped[0]?.bytes.toString()]).toEqual([201, '0123456789']);
  });
});

test.each([
  ['REFUSED', 403],
  ['BUSY', 503],
  ['DISK_FULL', 507],
  ['TIMEOUT', 504],
] as const)('refused with %s before the body is read: %i', async (code, status) => {
  const host = new FakeWebHost();
  host.answerTo = new ShoalError(code, 'no');
  const { port } = await webOn(host);
  const socket = connect({ port, host: '127.0.0.1' });
  // The body is not sent before the answer.
  socket.write(
    'PUT /drop/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
  );
  const head = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
  socket.destroy();
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(host.dropped).toEqual([]);
});

test('a client that expects 100-continue gets it after the decision', async () => {
  const { port, host } = await webOn();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(
    'PUT /drop/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
  );
  socket.once('data', () => socket.write('hello'));
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  expect(host.dropped[0]?.bytes.toString()).toBe('hello');
});

test('a client that is sending reads the refusal, not a reset connection', async () => {
  const host = new FakeWebHost();
  host.answerTo = new ShoalError('REFUSED', 'the owner refused');
  const { base } = await webOn(host);
  const answer = await put(`${base}/drop/a`, 'x'.repeat(600_000));
  expect([answer.status, await answer.json()]).toMatchObject([403, { error: { code: 'REFUSED' } }]);
});

test('an offer ends with its connection', async () => {
  const host = new FakeWebHost();
  host.answerTo = 'wait';
  const { port, base } = await webOn(host);
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('PUT /drop/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n');
  await fetch(`${base}/healthz`);
  socket.destroy();
  while (host.left === 0) await fetch(`${base}/healthz`);
});

test('the disk fills up: the client gets the reason, and received bytes stay', async () => {
  const host = new FakeWebHost();
  const { base } = await webOn(host);
  host.trouble = new ShoalError('DISK_FULL', 'the disk is full');
  const answer = await put(`${base}/drop/a`, 'hello');
  expect([answer.status, await answer.json()]).toMatchObject([507, { error: { code: 'DISK_FULL' } }]);
});

test('a guest gets no paths of this computer with a failure of the disk; the owner does', async () => {
  const host = new FakeWebHost();
  host.contents.set('a', Buffer.from('hello'));
  const { base } = await webOn(host);
  host.trouble = new ShoalError('DISK_FAILED', 'creating a file failed (EACCES: /home/user/Temp/x)');
  const answers = [await put(`${base}/drop/b`, 'hello'), await fetch(`${base}/files/a`)];
  for (const answer of answers) expect([answer.status, await answer.text()]).toEqual([500, NO_PATH]);
  expect(await (await put(`${base}/drop/b`, 'hello', OWNER)).text()).toContain('/home/user');
});

describe('rights', () => {
  test('--http read accepts no file, not even from the owner', async () => {
    const { base, host } = await webOn(undefined, { level: 'read' });
    expect((await put(`${base}/drop/a`, 'x', OWNER)).status).toBe(403);
    expect(host.dropped).toEqual([]);
  });

  test('a page of another site cannot send a file', async () => {
    const { base, host } = await webOn();
    for (const headers of [{ Origin: 'http://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      expect((await put(`${base}/drop/a`, 'x', headers as Record<string, string>)).status).toBe(403);
    }
    expect(host.dropped).toEqual([]);
  });

  test('a guest sends a bounded number of files a second; the owner any number', async () => {
    const { base } = await webOn(undefined, { clock: new SimulatedClock() });
    const statuses = (headers: Record<string, string>) =>
      Promise.all(
        Array.from({ length: 60 }, async (_, n) => (await put(`${base}/drop/${n}`, '', headers)).status),
      );
    expect(await statuses({})).toContain(429);
    expect(new Set(await statuses(OWNER))).toEqual(new Set([201]));
  });

  test.each([
    ['drop', true, false, ['network', 'drop']],
    ['drop', false, false, ['network']],
    ['drop', false, true, ['network', 'drop']],
    ['read', true, true, ['network']],
  ] as const)(
    'level %s, offers taken: %s, owner: %s: the page shows %j',
    async (level, takes, owner, serves) => {
      const host = new FakeWebHost();
      host.takesOffers = takes;
      const { base } = await webOn(host, { level });
      const session = await (await fetch(`${base}/api/v1/session`, { headers: owner ? OWNER : {} })).json();
      expect(session).toMatchObject({ serves, manage: owner });
    },
  );
});

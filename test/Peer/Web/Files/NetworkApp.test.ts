import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { WebOptions } from '../../../../Peer/Web/Ports.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeWebHost, idOf, webOn } from '../FakeWebHost.ts';

const FILM = Buffer.from('0123456789');

function sharing(path = 'films/my film.mkv', options: Partial<WebOptions> = {}) {
  const host = new FakeWebHost();
  host.away.set(path, FILM);
  return webOn(host, options);
}

describe('addresses', () => {
  const id = idOf('films/my film.mkv');
  test.each([
    [`/network/${id}`, id],
    [`/network/${id}/my%20film.mkv`, id],
    [`/network/${id.toUpperCase()}/another name.html`, id],
    ['/network/films/my%20film.mkv', 'films/my film.mkv'],
    ['/network/films%2Fmy%20film.mkv', 'films/my film.mkv'],
  ])('%s', async (address, what) => {
    const { base, host } = await sharing();
    const answer = await fetch(base + address);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      etag: `"${id}"`,
      'content-length': '10',
      'content-disposition': 'inline; filename="my film.mkv"',
      'accept-ranges': 'bytes',
    });
    expect(answer.headers.get('last-modified')).toBeNull();
    expect([host.opened, host.closed]).toEqual([[`${what} for 127.0.0.1`], 1]);
  });

  test.each([
    ['/network', 400],
    ['/network/', 400],
    ['/network/%ff', 400],
    ['/network/nothing.bin', 404],
    [`/network/${'0'.repeat(64)}`, 404],
    [`/network/${'0'.repeat(63)}`, 404],
  ])('%s: %i', async (address, status) => {
    const { base } = await sharing();
    const answer = await fetch(base + address);
    expect([answer.status, await answer.json()]).toMatchObject([status, { ok: false, command: 'network' }]);
  });
});

test('HEAD, ranges, If-Range and If-None-Match', async () => {
  const { base, host } = await sharing('film.mkv');
  const ask = async (method: string, headers: Record<string, string>) => {
    const answer = await fetch(`${base}/network/film.mkv`, { method, headers });
    return [answer.status, await answer.text(), answer.headers.get('content-range')];
  };
  const etag = `"${idOf('film.mkv')}"`;
  expect(await ask('HEAD', {})).toEqual([200, '', null]);
  expect(await ask('GET', { Range: 'bytes=2-4' })).toEqual([206, '234', 'bytes 2-4/10']);
  expect(await ask('GET', { Range: 'bytes=8-', 'If-Range': etag })).toEqual([206, '89', 'bytes 8-9/10']);
  expect(await ask('GET', { Range: 'bytes=8-', 'If-Range': '"other"' })).toEqual([200, '0123456789', null]);
  expect(await ask('GET', { Range: 'bytes=10-' })).toEqual([416, '', 'bytes */10']);
  expect(await ask('GET', { 'If-None-Match': etag })).toEqual([304, '', null]);
  expect(await ask('GET', { 'If-Modified-Since': 'Fri, 02 Jan 2099 03:04:05 GMT' })).toEqual([
    200,
    '0123456789',
    null,
  ]);
  expect([host.closed, host.sends]).toEqual([7, 4]);
});

test('a web page from strangers runs no script', async () => {
  const { base } = await sharing('evil.html');
  const answer = await fetch(`${base}/network/evil.html`);
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
  expect(answer.headers.get('content-security-policy')).toMatch(/sandbox/);
});

test.each([
  ['BUSY', 503, '5'],
  ['NO_TRACKER', 503, '5'],
  ['AMBIGUOUS', 409, null],
  ['UNREACHABLE', 502, null],
  ['TIMEOUT', 504, null],
] as const)('%s is status %i', async (code, status, retryAfter) => {
  const { base, host } = await sharing();
  host.trouble = new ShoalError(code, 'trouble');
  const answer = await fetch(`${base}/network/film`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
});

test('the limit for guests: the 31st request in a row is refused', async () => {
  const { base } = await sharing('film.mkv', { clock: new SimulatedClock() });
  const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(`${base}/network/film.mkv`)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(30);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
});

test('a client that disconnects ends the transfer, and the file is closed', async () => {
  const { port, host } = await sharing('film.mkv');
  const begun = new Promise<void>((resolve) => {
    host.beforeSend = async () => {
      resolve();
      await new Promise<void>((gone) => socket.once('close', () => gone()));
      throw new ShoalError('CANCELLED', 'the client is gone');
    };
  });
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /network/film.mkv HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await begun;
  socket.destroy();
  await expect.poll(() => host.closed).toBe(1);
});

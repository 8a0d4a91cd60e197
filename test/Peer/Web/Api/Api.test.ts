import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { COMMANDS, quoteWord, readCall } from '../../../../Peer/CommandInterface.ts';
import { ROUTES } from '../../../../Peer/Web/Api/Routes.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeWebHost, JSON_TYPE, OWNER, webOn } from '../FakeWebHost.ts';

test('a search is the command, with its words quoted and the window of its items', async () => {
  const { base, host } = await webOn();
  const answer = await fetch(`${base}/api/v1/search?q=--json+film&from=10&count=5`);
  expect(await answer.json()).toEqual({ ok: true });
  expect(host.commands).toEqual([
    { words: ['search', { text: '--json film' }], command: 'search', window: { from: 10, count: 5 } },
  ]);
});

test('an error of the peer has its HTTP status', async () => {
  const { base, host } = await webOn();
  host.answer = { error: { code: 'NOT_FOUND' }, json: '{"ok":false}' };
  expect((await fetch(`${base}/api/v1/swarm?what=x`)).status).toBe(404);
  host.answer = { error: { code: 'SOMETHING_NEW' }, json: '{"ok":false}' };
  expect((await fetch(`${base}/api/v1/swarm?what=x`)).status).toBe(500);
});

test.each([
  ['search', ''],
  ['search', '?q='],
  ['search', `?q=${'x'.repeat(401)}`],
  ['search', '?q=a%0Aquit'],
  ['swarm', `?what=${'x'.repeat(4_097)}`],
  ['search', '?q=x&extra=1'],
  ['ls', '?count=10001'],
  ['ls', '?from=-1'],
  ['ls', '?from=x'],
])('%s%s is refused with the field that is wrong', async (path, query) => {
  const { base, host } = await webOn();
  const answer = await fetch(`${base}/api/v1/${path}${query}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ ok: false, error: { code: 'USAGE' } });
  expect(host.commands).toEqual([]);
});

const OWNERS = ROUTES.filter(({ who }) => who === 'owner').map(
  ({ method, path }) => [method.toUpperCase(), path.replace('{number}', '1')] as const,
);

describe('only an owner manages', () => {
  test.each([...OWNERS, ['GET', '/events'] as const])('%s %s', async (method, path) => {
    const { base, host } = await webOn();
    const ask = (headers: object) =>
      fetch(`${base}/api/v1${path}`, { method, headers: { ...JSON_TYPE, ...headers }, ...bodyOf(method) });
    for (const headers of [
      {},
      { Authorization: 'Bearer wrong' },
      { Authorization: `Basic ${OWNER.Authorization}` },
    ])
      expect((await ask(headers)).status).toBe(401);
    const foreign = { ...OWNER, Origin: 'http://evil.example' };
    expect((await ask(foreign)).status).toBe(403);
    expect(host.commands).toEqual([]);
  });

  test('the body of a forbidden request is not read: the answer is sent before', async () => {
    const { port, host } = await webOn();
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(
      'POST /api/v1/downloads HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 [\s\S]*NO_TOKEN/);
    expect(host.commands).toEqual([]);
  });

  test('with the token, a download is started without waiting for its end', async () => {
    const { base, host } = await webOn();
    const body = JSON.stringify({ what: 'my film.mkv', peer: 'anna', newest: true });
    const answer = await fetch(`${base}/api/v1/downloads`, {
      method: 'POST',
      headers: { ...OWNER, ...JSON_TYPE },
      body,
    });
    expect(answer.status).toBe(200);
    expect(host.commands[0]?.words).toEqual([
      'get',
      '--no-wait',
      '--newest',
      { text: 'anna' },
      { text: 'my film.mkv' },
    ]);
  });

  test.each([
    ['{"what":"x","extra":1}', 400],
    ['["x"]', 400],
    ['null', 400],
    ['{', 400],
    [`{"what":"${'x'.repeat(70_000)}"}`, 413],
  ])('body %s', async (body, status) => {
    const { base, host } = await webOn();
    const headers = { ...OWNER, ...JSON_TYPE };
    const sent = await fetch(`${base}/api/v1/downloads`, { method: 'POST', headers, body });
    expect(sent.status).toBe(status);
    // Without a length, in chunks.
    const stream = new Blob([body]).stream();
    const chunked = await fetch(`${base}/api/v1/downloads`, {
      method: 'POST',
      headers,
      body: stream,
      duplex: 'half',
    });
    expect(chunked.status).toBe(status);
    expect(host.commands).toEqual([]);
  });

  test('a body of another type has status 415', async () => {
    const { base } = await webOn();
    const headers = { ...OWNER, 'Content-Type': 'text/plain' };
    const answer = await fetch(`${base}/api/v1/downloads`, { method: 'POST', headers, body: '{"what":"x"}' });
    expect(answer.status).toBe(415);
  });
});

test.each([
  ['192.0.2.1:22', 403],
  ['some.name:80', 403],
  ['[2001:db8::1]:22', 403],
  ['192.0.2.1 22', 403],
  [' 192.0.2.1:22 ', 403],
  ['anna', 200],
  ['192.0.2.9:9001', 200], // Known.
  ['7H4K-2QXR-M3PB', 200],
])('a guest makes the peer connect to no unknown address: %s', async (peer, status) => {
  const { base, host } = await webOn();
  host.knowsPeer = (text) => text === '192.0.2.9:9001';
  const url = `${base}/api/v1/ls?peer=${encodeURIComponent(peer)}`;
  expect((await fetch(url)).status).toBe(status);
  expect(host.commands).toHaveLength(status === 200 ? 1 : 0);
  expect((await fetch(url, { headers: OWNER })).status).toBe(200);
});

test('a guest lists 20,000 files of another peer, and four guests at once', async () => {
  const { base, host } = await webOn();
  const status = async (query: string, headers = {}) =>
    (await fetch(`${base}/api/v1/ls?peer=anna&${query}`, { headers })).status;
  const statuses = await Promise.all([
    status('from=10000&count=10000'),
    status('from=10001&count=10000'),
    status('from=1000000', OWNER),
  ]);
  expect(statuses).toEqual([200, 403, 200]);
  let go = () => {};
  const waiting = new Promise<void>((resolve) => (go = resolve));
  let running = 0;
  const full = new Promise<void>((resolve) => {
    host.beforeRun = () => {
      if (++running === 4) resolve();
      return waiting;
    };
  });
  const asked = Promise.all(Array.from({ length: 4 }, () => status('')));
  await full;
  expect(await status('')).toBe(429);
  go();
  expect(await asked).toEqual([200, 200, 200, 200]);
  expect(await status('')).toBe(200);
});

test('a flood of searches is limited, and an owner is not', async () => {
  const { base } = await webOn(undefined, { clock: new SimulatedClock() });
  const statuses: number[] = [];
  for (let count = 0; count < 31; count++) statuses.push((await fetch(`${base}/api/v1/peers`)).status);
  expect(statuses).toEqual([...Array(30).fill(200), 429]);
  expect((await fetch(`${base}/api/v1/peers`, { headers: OWNER })).status).toBe(200);
});

test('the session says who may manage; no answer allows other origins', async () => {
  const { base } = await webOn();
  const guest = await fetch(`${base}/api/v1/session`);
  expect(await guest.json()).toMatchObject({ manage: false, local: true, name: 'studio', port: 9_001 });
  expect([...guest.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(guest.headers.get('content-security-policy')).toContain("default-src 'self'");
  const owner = await fetch(`${base}/api/v1/session`, { headers: OWNER });
  expect(await owner.json()).toMatchObject({ manage: true });
});

test('a code is exchanged for the token; any other is refused', async () => {
  const { base } = await webOn(new FakeWebHost());
  const exchange = (body: string, headers: Record<string, string> = JSON_TYPE) =>
    fetch(`${base}/api/v1/session`, { method: 'POST', headers, body });
  const given = await exchange('{"code":"fresh-code"}');
  expect(await given.json()).toMatchObject({ ok: true, token: OWNER.Authorization.slice('Bearer '.length) });
  const answers = [
    await exchange('{"code":"other"}'),
    await exchange('{}'),
    await exchange('{"code":"fresh-code"}', {}),
    await exchange('{"code":"fresh-code"}', { ...JSON_TYPE, Origin: 'http://evil.example' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 400, 415, 403]);
});

test('every route is a valid console command, and is in the OpenAPI document', async () => {
  const { base } = await webOn();
  const document = (await (await fetch(`${base}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { summary: string }>>;
  };
  const input = { q: 'x', what: 'x', peer: 'p', number: 1, direction: 'up', rate: '20M', state: 'paused' };
  for (const { method, path, words, summary } of ROUTES) {
    expect(document.paths[path]?.[method]?.summary).toBe(summary);
    const line = words(input as never).map((word) =>
      typeof word === 'string' ? word : quoteWord(word.text),
    );
    expect(readCall(line.join(' '), COMMANDS)).toBeDefined();
  }
});

test('events begin with the lists, followed by news', async () => {
  const host = new FakeWebHost();
  const { base } = await webOn(host);
  const answer = await fetch(`${base}/api/v1/events`, { headers: OWNER });
  expect(answer.headers.get('content-type')).toMatch('text/event-stream');
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const readUntil = async (part: string) => {
    let seen = '';
    while (!seen.includes(part)) seen += (await reader?.read())?.value ?? 'the end';
    return seen;
  };
  const lists = await readUntil('event: pushes');
  expect(lists).toMatch(/event: downloads\ndata: \{"ok":true\}\n\n/);
  host.tell('a "line"\nof news');
  expect(await readUntil('event: news')).toContain(
    String.raw`data: {"kind":"warning","text":"a \"line\"\nof news"}`,
  );
  await reader?.cancel();
});

function bodyOf(method: string) {
  return ['POST', 'PUT', 'PATCH'].includes(method) ? { body: '{}' } : {};
}

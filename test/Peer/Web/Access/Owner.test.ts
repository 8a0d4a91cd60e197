import { generateKeyPairSync } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { webCertificateOf } from '../../../../Peer/State/WebCertificate.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeWebHost, JSON_TYPE, OWNER, webOn } from '../FakeWebHost.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const identity = {
  key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  cert: webCertificateOf(privateKey, [], Date.now()),
};
const passwords = {
  version: async () => 'v1',
  verify: async (given: string) => given === 'correct horse',
};

/** The web over HTTPS, with a password. `ask` sends one request. */
async function secureWeb() {
  const host = new FakeWebHost();
  const { port } = await webOn(host, { passwords, clock: new SimulatedClock() }, identity);
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    new Promise<{ status: number; cookie: string; json: Record<string, unknown> }>((resolve, reject) => {
      const options: RequestOptions = {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers,
        ca: identity.cert,
        agent: false,
      };
      const asked = httpsRequest(options, async (answer) => {
        const json = JSON.parse((await text(answer)) || '{}') as Record<string, unknown>;
        resolve({ status: answer.statusCode ?? 0, cookie: answer.headers['set-cookie']?.[0] ?? '', json });
      });
      asked.on('error', reject).end(body);
    });
  const logIn = (password: string, headers: Record<string, string> = {}) =>
    ask('POST', '/api/v1/login', { ...JSON_TYPE, ...headers }, JSON.stringify({ password }));
  return { host, port, ask, logIn, own: { Origin: `https://127.0.0.1:${port}` } };
}

test('a login gives a cookie that scripts and other sites cannot use', async () => {
  const { ask, logIn, port } = await secureWeb();
  expect((await ask('GET', '/api/v1/session')).json).toMatchObject({ manage: false, login: 'form' });
  const wrong = await logIn('guess');
  expect([wrong.status, wrong.cookie]).toEqual([403, '']);
  const { status, cookie } = await logIn('correct horse');
  expect(status).toBe(200);
  expect(cookie).toMatch(
    new RegExp(
      `^__Host-shoal-${9_001}=[\\w-]{22,}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$`,
    ),
  );
  const sent = { Cookie: cookie.split(';')[0] ?? '' };
  expect((await ask('GET', '/api/v1/downloads', sent)).status).toBe(200);
  expect((await ask('GET', '/api/v1/session', sent)).json).toMatchObject({ manage: true, loggedIn: true });
  expect(port).toBeGreaterThan(0);
});

test('a cookie permits changes only from the page itself', async () => {
  const { ask, logIn, own, host } = await secureWeb();
  const sent = { Cookie: (await logIn('correct horse')).cookie.split(';')[0] ?? '' };
  const refresh = (headers: Record<string, string>) =>
    ask('POST', '/api/v1/refresh', { ...sent, ...JSON_TYPE, ...headers }, '{}');
  expect((await refresh({})).status).toBe(401);
  expect((await refresh({ Origin: 'https://evil.example' })).status).toBe(403);
  expect((await refresh({ 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
  expect((await ask('DELETE', '/api/v1/downloads/1', sent)).status).toBe(401);
  expect(host.commands).toEqual([]);
  expect((await refresh(own)).status).toBe(200);
  expect((await refresh({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
  expect(host.commands).toHaveLength(2);
  await ask('PUT', '/drop/a', { ...sent, ...own }, 'x');
  await ask('PUT', '/drop/b', sent, 'x');
  expect(host.dropped.map(({ path, byOwner }) => [path, byOwner])).toEqual([
    ['a', true],
    ['b', false],
  ]);
});

test('after logout the cookie is invalid', async () => {
  const { ask, logIn, own } = await secureWeb();
  const sent = { Cookie: (await logIn('correct horse')).cookie.split(';')[0] ?? '' };
  const out = await ask('POST', '/api/v1/logout', { ...sent, ...own }, '');
  expect([out.status, out.cookie]).toMatchObject([200, expect.stringContaining('Max-Age=0')]);
  expect((await ask('GET', '/api/v1/downloads', sent)).status).toBe(401);
});

test('attempts are limited', async () => {
  const { logIn } = await secureWeb();
  const statuses = [];
  for (let n = 0; n < 6; n++) statuses.push((await logIn('guess')).status);
  expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
});

test('without HTTPS there is no login, and a cookie is ignored', async () => {
  const { base } = await webOn(undefined, { passwords });
  const body = JSON.stringify({ password: 'correct horse' });
  const login = await fetch(`${base}/api/v1/login`, { method: 'POST', headers: JSON_TYPE, body });
  expect([login.status, login.headers.get('set-cookie')]).toEqual([403, null]);
  expect(await login.json()).toMatchObject({ error: { hint: `Open ${base.replace('http:', 'https:')}/` } });
  const session = await (await fetch(`${base}/api/v1/session`)).json();
  expect(session).toMatchObject({ manage: false, login: 'https' });
  expect((await fetch(`${base}/api/v1/downloads`, { headers: OWNER })).status).toBe(200);
});

test.each([
  ['no JSON', { 'Content-Type': 'text/plain' }, '{"password":"correct horse"}', 415],
  ['no password', JSON_TYPE, '{}', 400],
  ['a list', JSON_TYPE, '[]', 400],
  ['too long', JSON_TYPE, JSON.stringify({ password: 'x'.repeat(2_000) }), 400],
  ['huge', JSON_TYPE, `"${'x'.repeat(70_000)}"`, 413],
])('a login with %s is refused', async (_what, headers, body, status) => {
  const { ask } = await secureWeb();
  expect((await ask('POST', '/api/v1/login', headers as Record<string, string>, body)).status).toBe(status);
});

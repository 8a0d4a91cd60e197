import { readFile } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { newInvite, someMebibytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

const FILM = someMebibytes(5, 3);

/** A request over HTTPS, which accepts the self-signed certificate of the peer. */
function secure(port: number, path: string, options: RequestOptions = {}, body = '') {
  return new Promise<{ status: number; body: Buffer; cookie: string }>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...options },
      async (answer) => {
        const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
        resolve({ status: answer.statusCode ?? 0, body: await buffer(answer), cookie });
      },
    );
    asked.on('error', reject).end(body);
  });
}

test.concurrent('a file is offered over HTTP, accepted by the user, resumed, and shared when it is complete', async ({
  lan,
}) => {
  const anna = await lan.peer('anna', { args: ['--accept', 'ask'] });
  await anna.answer('whoami');
  const address = `http://127.0.0.1:${anna.port}/drop/films/film.bin`;
  const put = (body: Uint8Array<ArrayBuffer>, range: string) =>
    fetch(address, { method: 'PUT', body, headers: { 'Content-Range': range } });
  const size = FILM.length;
  const asked = put(new Uint8Array(), `bytes */${size}`);
  await eventually('the offer is there', async () => (await anna.items('accept')).length === 1);
  await anna.items('accept 1');
  expect((await asked).headers.get('upload-offset')).toBe('0');
  const half = size >> 1;
  expect((await put(new Uint8Array(FILM.subarray(0, half)), `bytes 0-${half - 1}/${size}`)).status).toBe(308);
  expect(await anna.items('downloads')).toMatchObject([{ state: 'searching', bytes: half, size }]);
  const whole = await put(new Uint8Array(FILM.subarray(half)), `bytes ${half}-${size - 1}/${size}`);
  expect([whole.status, whole.headers.get('location')]).toEqual([201, '/files/films/film.bin']);
  expect(FILM.equals(await anna.read('films/film.bin'))).toBe(true);
  const refused = fetch(`http://127.0.0.1:${anna.port}/drop/x`, { method: 'PUT', body: 'x' });
  await eventually('the offer is there', async () => (await anna.items('accept')).length === 1);
  await anna.items('reject 2');
  expect((await refused).status).toBe(403);
});

test.concurrent('with a password the owner manages a peer over HTTPS', async ({ lan }) => {
  const anna = await lan.seeder('anna', { files: { 'film.bin': FILM } });
  const { port } = anna;
  const { home } = anna.program;
  const set = await lan.launcher.shoal(['web', '--password', '--json', '--peer', String(port)], { home });
  set.type('correct horse');
  expect(await set.exitCode()).toBe(0);
  const headers = { 'Content-Type': 'application/json' };
  const login = (password: string) =>
    secure(port, '/api/v1/login', { method: 'POST', headers }, JSON.stringify({ password }));
  expect((await login('wrong horse')).status).toBe(403);
  const { cookie } = await login('correct horse');
  expect((await secure(port, '/api/v1/status', { headers: { Cookie: cookie } })).status).toBe(200);
  expect((await secure(port, '/api/v1/status')).status).toBe(401);
  expect(FILM.equals((await secure(port, '/files/film.bin')).body)).toBe(true);
  const web = (await anna.answer('web')) as { fingerprint?: string };
  expect(web.fingerprint).toMatch(/^[0-9A-F:]{95}$/);
});

test.concurrent('in a private network HTTPS serves share links only, and is closed while there is none', async ({
  lan,
}) => {
  const invite = newInvite();
  const nobody = `127.0.0.1:${await freePort()}`;
  const anna = await lan.peer('anna', {
    tracker: nobody,
    args: ['--network', invite],
    files: { 'film.bin': FILM, 'secret.txt': 'secret' },
  });
  const { port } = anna;
  await anna.answer('whoami');
  await expect(secure(port, '/')).rejects.toThrow();
  const [made] = (await anna.items('link film.bin --days 1')) as unknown as { address: string }[];
  const address = new URL(made?.address ?? '');
  expect(address.protocol).toBe('https:');
  expect(FILM.equals((await secure(port, address.pathname)).body)).toBe(true);
  for (const path of [
    '/',
    '/files/',
    '/files/secret.txt',
    '/api/v1/session',
    '/api/v1/ls',
    '/s/x/film.bin',
    '/metrics',
  ])
    expect([path, (await secure(port, path)).status]).toEqual([path, 404]);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  await anna.items('link --revoke 1');
  await expect(secure(port, address.pathname)).rejects.toThrow();
  expect(await readFile(anna.share.at('secret.txt'), 'utf8')).toBe('secret');
});

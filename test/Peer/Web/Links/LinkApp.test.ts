import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeWebHost, OWNER, webOn } from '../FakeWebHost.ts';

const DAY_MS = 86_400_000;

async function linked(isPrivate: boolean) {
  const host = new FakeWebHost();
  host.contents.set('f/film.txt', Buffer.from('0123456789'));
  // Its rates gain no tokens while a busy machine is at a test.
  const web = await webOn(host, { isPrivate, clock: new SimulatedClock() });
  const entry = host.files.find('f/film.txt');
  if (entry === undefined) throw new Error('no file');
  const link = await web.links.create(entry, DAY_MS);
  return { ...web, link, address: `${web.base}/s/${link.secret}/film.txt` };
}

test.each([true, false])('a link serves its file, with ranges (private network: %s)', async (isPrivate) => {
  const { address, links } = await linked(isPrivate);
  expect(await (await fetch(address)).text()).toBe('0123456789');
  const part = await fetch(address, { headers: { Range: 'bytes=2-4' } });
  expect([part.status, await part.text()]).toEqual([206, '234']);
  expect((await fetch(address, { method: 'HEAD' })).headers.get('content-length')).toBe('10');
  await links.revoke(1);
  expect((await fetch(address)).status).toBe(404);
});

test('a revoked link ends its running downloads, and no others', async () => {
  const { address, base, links, host } = await linked(false);
  const other = `${base}/files/f/film.txt`;
  let goOn = () => {};
  const revoked = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  host.beforeSend = () => revoked;
  const textOf = (url: string) => fetch(url).then((answer) => answer.text());
  const ended = expect(textOf(address)).rejects.toThrow();
  const going = textOf(other);
  await expect.poll(() => host.sends).toBe(2);
  await links.revoke(1);
  goOn();
  await ended;
  expect(await going).toBe('0123456789');
});

test('the name in the address is ignored', async () => {
  const { base, link } = await linked(true);
  for (const rest of ['', '/', '/other', '/..%2f..%2fetc'])
    expect([200, 404]).toContain((await fetch(`${base}/s/${link.secret}${rest}`)).status);
  expect(await (await fetch(`${base}/s/${link.secret}/other`)).text()).toBe('0123456789');
});

test('a changed file is not served under the link of its former content', async () => {
  const { address, host } = await linked(true);
  host.contents.delete('f/film.txt');
  host.contents.set('g/film.txt', Buffer.from('another one'));
  expect((await fetch(address)).status).toBe(404);
});

test('guesses get equal answers, and are rate-limited', async () => {
  const { base } = await linked(true);
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => (await fetch(`${base}/s/guess-number-${n}/x`)).status),
  );
  expect(new Set(statuses)).toEqual(new Set([404, 429]));
});

test.each([
  '/',
  '/files/',
  '/files/f/film.txt',
  '/api/v1/session',
  '/api/v1/search?q=film',
  '/api/v1/status',
  '/healthz',
  '/metrics',
  '/drop/x',
  '/assets/index.js',
])('in a private network %s is not found, even with the token', async (path) => {
  const { base } = await linked(true);
  for (const method of ['GET', 'PUT', 'POST']) {
    const body = method === 'GET' ? {} : { body: 'x' };
    const answer = await fetch(base + path, { method, headers: OWNER, ...body });
    expect([answer.status, await answer.text()]).toEqual([404, '404: there is nothing at this address\n']);
  }
});

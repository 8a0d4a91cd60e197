import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { FakeWebHost, webOn } from '../FakeWebHost.ts';

const BYTES = Buffer.from('0123456789');

async function sharing(files: Record<string, string | Buffer>) {
  const host = new FakeWebHost();
  for (const [path, bytes] of Object.entries(files)) host.contents.set(path, Buffer.from(bytes));
  return webOn(host);
}

test('a file has its bytes, length, type, date and the id of its content as ETag', async () => {
  const { base, host } = await sharing({ 'a/b c.txt': BYTES });
  const answer = await fetch(`${base}/files/a/b%20c.txt`);
  expect(await answer.text()).toBe('0123456789');
  const id = host.files.find('a/b c.txt')?.fileId;
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    etag: `"${id}"`,
    'content-length': '10',
    'content-type': 'text/plain; charset=utf-8',
    'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
  });
  const head = await fetch(`${base}/files/a/b%20c.txt`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
});

describe('ranges', () => {
  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=0-999', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=-999', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=99999999999999999999-', 416, '', 'bytes */10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['bytes=5-2', 416, '', 'bytes */10'],
    ['bytes=a-b', 200, '0123456789', null],
    ['lines=0-1', 200, '0123456789', null],
    ['nonsense', 200, '0123456789', null],
  ])('%s', async (range, status, body, contentRange) => {
    const { base } = await sharing({ a: BYTES });
    const answer = await fetch(`${base}/files/a`, { headers: { Range: range } });
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      body,
      contentRange,
    ]);
  });

  test('If-Range continues the same content only', async () => {
    const { base } = await sharing({ a: BYTES });
    const etag = (await fetch(`${base}/files/a`)).headers.get('etag') ?? '';
    const ask = async (ifRange: string) =>
      (await fetch(`${base}/files/a`, { headers: { Range: 'bytes=8-', 'If-Range': ifRange } })).text();
    expect(await ask(etag)).toBe('89');
    expect(await ask('Fri, 02 Jan 2026 03:04:05 GMT')).toBe('89');
    expect(await ask('"another"')).toBe('0123456789');
    expect(await ask('Fri, 02 Jan 2026 03:04:06 GMT')).toBe('0123456789');
  });

  test('a file in the cache of a browser is not sent again', async () => {
    const { base } = await sharing({ a: BYTES });
    const etag = (await fetch(`${base}/files/a`)).headers.get('etag') ?? '';
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${base}/files/a`, { headers })).status;
    expect(await status({ 'If-None-Match': `"x", ${etag}` })).toBe(304);
    expect(await status({ 'If-None-Match': '"x"' })).toBe(200);
    expect(await status({ 'If-Modified-Since': 'Fri, 02 Jan 2026 03:04:05 GMT' })).toBe(304);
    expect(await status({ 'If-Modified-Since': 'Fri, 02 Jan 2026 03:04:04 GMT' })).toBe(200);
  });
});

test.each([
  ['evil.html', /^attachment/, 'text/html'],
  ['evil.svg', /^attachment/, 'image/svg+xml'],
  ['evil.xhtml', /^attachment/, 'application/xhtml+xml'],
  ['evil.xml', /^attachment/, /xml/],
  ['evil.js', /^inline/, 'text/plain; charset=utf-8'],
  ['no-type', /^attachment/, 'application/octet-stream'],
  ['film.mp4', /^inline/, 'video/mp4'],
  ['photo.jpg', /^inline/, 'image/jpeg'],
])('%s can run no script', async (name, disposition, type) => {
  const { base } = await sharing({ [name]: '<script>alert(1)</script>' });
  const answer = await fetch(`${base}/files/${name}`);
  expect(answer.headers.get('content-disposition')).toMatch(disposition);
  expect(answer.headers.get('content-type')).toMatch(type);
  expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
  const saved = await fetch(`${base}/files/${name}?download`);
  expect(saved.headers.get('content-disposition')).toMatch(/^attachment/);
});

test('a name with line ends and quotes makes no header', async () => {
  const name = 'a\r\nSet-Cookie: x=1\r\n"b".bin';
  const { base } = await sharing({ [name]: BYTES });
  const answer = await fetch(`${base}/files/${encodeURIComponent(name)}`);
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect(await answer.text()).toBe('0123456789');
});

test.each([
  '/files/../../etc/passwd',
  '/files/%2e%2e/%2e%2e/etc/passwd',
  '/files/..%2f..%2fetc%2fpasswd',
  '/files/%252e%252e%252fetc/passwd',
  '/files/..%5c..%5cetc%5cpasswd',
  '/files//etc/passwd',
  '/files/%00/etc/passwd',
  '/files/a/../../etc/passwd',
  '/files/%c0%ae%c0%ae/etc/passwd',
  '/files/%ff%fe',
  '/files/%',
  '/files/....//etc/passwd',
])('%s is not found', async (path) => {
  const { port } = await sharing({ a: BYTES });
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
  expect(answer).not.toContain('root:');
});

test('a file that changed since it was hashed is an error, without bytes', async () => {
  const { base, host } = await sharing({ a: BYTES });
  host.trouble = new ShoalError('FILE_CHANGED', '"a" has changed since it was hashed');
  const answer = await fetch(`${base}/files/a`);
  expect([answer.status, await answer.json()]).toMatchObject([409, { error: { code: 'FILE_CHANGED' } }]);
});

describe('folders', () => {
  test('curl sees lines, a browser links; names are text', async () => {
    const { base } = await sharing({ 'f/<img src=x>&.txt': BYTES, 'f/g/x': BYTES, 'f/\u001b[31m': BYTES });
    expect(await (await fetch(`${base}/files/f/`)).text()).toMatch(
      /^ {12}10 {2}2026-01-02 03:04 {2}g\/\n[\s\S]*10 .* \\u\{1b\}\[31m\n/,
    );
    const page = await (await fetch(`${base}/files/f/`, { headers: { Accept: 'text/html' } })).text();
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x&gt;&amp;.txt');
    expect(page).toContain('href="./%3Cimg%20src%3Dx%3E%26.txt"');
  });

  test('without its slash a folder leads to the listing', async () => {
    const { base } = await sharing({ 'ä/x': BYTES });
    const answer = await fetch(`${base}/files/%C3%A4?format=tar`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, './%C3%A4/?format=tar']);
    expect((await fetch(`${base}/files`)).url).toBe(`${base}/files/`);
  });

  test('tar has every file with its bytes', async () => {
    const { base } = await sharing({ 'f/a': BYTES, 'f/g/b': 'hello', other: BYTES });
    const answer = await fetch(`${base}/files/f/?format=tar`);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=f.tar');
    const found: Record<string, string> = {};
    const tar = extract();
    tar.end(Buffer.from(await answer.arrayBuffer()));
    for await (const entry of tar) found[entry.header.name] = await text(entry);
    expect(found).toEqual({ 'f/a': '0123456789', 'f/g/b': 'hello' });
  });

  test('zip has every file, stored', async () => {
    const { base } = await sharing({ 'f/a': BYTES, 'f/g/b': 'hello' });
    const zip = Buffer.from(await (await fetch(`${base}/files/f/?format=zip`)).arrayBuffer());
    expect(zip.subarray(0, 4)).toEqual(Buffer.from('PK\x03\x04', 'latin1'));
    for (const part of ['f/a', 'f/g/b', '0123456789', 'hello']) expect(zip.includes(part)).toBe(true);
    expect(zip.readUInt16LE(zip.length - 22 + 10)).toBe(2); // Files in the end record.
  });

  test('a failing archive is cut off, so that it is not taken for a complete one', async () => {
    for (const format of ['zip', 'tar']) {
      const { base, host } = await sharing({ 'f/a': BYTES });
      host.trouble = new ShoalError('FILE_CHANGED', 'changed');
      const whole = fetch(`${base}/files/f/?format=${format}`).then((answer) => answer.arrayBuffer());
      await expect(whole).rejects.toThrow();
    }
  });
});

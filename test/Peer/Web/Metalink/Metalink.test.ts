import { expect, test } from 'vitest';
import { metalinkXml, reprDigest } from '../../../../Peer/Web/Metalink/Metalink.ts';

const DIGEST = { sha256: 'ab'.repeat(32), pieceBytes: 1_048_576, pieces: ['cd'.repeat(32), 'ef'.repeat(32)] };

test('a document names the file, its size, its hashes, and every address', () => {
  const xml = metalinkXml({
    path: 'films/my film.mkv',
    size: 2_000_000,
    digest: DIGEST,
    urls: ['http://192.0.2.7:9001/by-id/x/my%20film.mkv', 'http://192.0.2.8:9001/by-id/x?a=1&b=2'],
  });
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
  <generator>Shoal</generator>
  <file name="my film.mkv">
    <size>2000000</size>
    <hash type="sha-256">${'ab'.repeat(32)}</hash>
    <pieces length="1048576" type="sha-256">
      <hash>${'cd'.repeat(32)}</hash>
      <hash>${'ef'.repeat(32)}</hash>
    </pieces>
    <url priority="1">http://192.0.2.7:9001/by-id/x/my%20film.mkv</url>
    <url priority="1">http://192.0.2.8:9001/by-id/x?a=1&amp;b=2</url>
  </file>
</metalink>
`);
});

test.each([
  ['"><url>http://evil/</url><file name="', 'url&gt;&lt;file name=&quot;'],
  ["a'b & c", 'a&apos;b &amp; c'],
  ['../../etc/passwd', 'passwd'],
  ['a\\..\\b.exe', 'b.exe'],
  ['..', 'file'],
  ['folder/', 'file'],
  ['a\u0000\u0007\ud800b\ufffe', 'a\\u{0}\\u{7}\ufffdb\ufffd'],
])('the name %j adds no element', (path, name) => {
  const xml = metalinkXml({ path, size: 0, digest: undefined, urls: [] });
  expect(/<file name="([^"]*)">/.exec(xml)?.[1]).toBe(name);
  expect(xml.match(/<url/g)).toBeNull();
});

test('unknown hashes are left out; an empty file has no pieces', () => {
  expect(metalinkXml({ path: 'a', size: 5, digest: undefined, urls: [] })).not.toContain('hash');
  const empty = metalinkXml({ path: 'a', size: 0, digest: { ...DIGEST, pieces: [] }, urls: [] });
  expect(empty).toContain('<hash type="sha-256">');
  expect(empty).not.toContain('pieces');
});

test('Repr-Digest is a byte sequence of RFC 9530', () => {
  expect(reprDigest({ ...DIGEST, sha256: '00'.repeat(32) })).toBe(
    'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:',
  );
});

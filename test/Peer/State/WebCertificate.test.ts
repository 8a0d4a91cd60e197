import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWeb } from '../../../Peer/OpenWeb.ts';
import { loadWebIdentity, webCertificateOf } from '../../../Peer/State/WebCertificate.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 30);

test('the certificate is valid for its hosts, signed by itself, and for at most 825 days', () => {
  for (let times = 0; times < 100; times++) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certificate = new X509Certificate(webCertificateOf(privateKey, ['studio', 'studio.local'], NOW_MS));
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.verify(publicKey)).toBe(true);
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS;
    expect(days).toBeLessThan(825);
    for (const host of ['localhost', 'studio', 'studio.local'])
      expect(certificate.checkHost(host)).toBe(host);
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('evil.example')).toBeUndefined();
  }
});

test('key and certificate stay the same; only the owner can read them', async () => {
  const folder = (await TempFolder.forTest()).path;
  const load = (nowMs = NOW_MS) => loadWebIdentity(folder, ['studio'], () => nowMs, silentLog);
  const first = await load();
  expect(await load()).toEqual(first);
  expect((await stat(join(folder, 'https.pem'))).mode & 0o777).toBe(0o600);
  expect(first.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  // Before it ends: another certificate of the same key.
  const later = await load(NOW_MS + 770 * DAY_MS);
  expect([later.key === first.key, later.cert === first.cert]).toEqual([true, false]);
});

test('a certificate that names the computer is replaced in a private network', async () => {
  const folder = (await TempFolder.forTest()).path;
  const load = (names: string[]) => loadWebIdentity(folder, names, () => NOW_MS, silentLog);
  await load(['studio']);
  const nameless = await load([]);
  expect(new X509Certificate(nameless.cert).subjectAltName).not.toContain('studio');
  expect(await load([])).toEqual(nameless);
  expect(await load(['studio'])).toEqual(nameless);
});

test('in a private network, HTTPS does not name the computer', async () => {
  const { path } = await TempFolder.forTest();
  const state = { path, read: async () => undefined } as never;
  const web = await openWeb({ port: 9_001, level: 'read', isPrivate: true, state, log: silentLog });
  await web.access.fingerprint();
  const { subjectAltName } = new X509Certificate(await readFile(join(path, 'https.pem')));
  expect(subjectAltName).not.toContain(hostname().toLowerCase());
});

test('a damaged file is replaced', async () => {
  const folder = (await TempFolder.forTest()).path;
  await writeFile(join(folder, 'https.pem'), 'nonsense');
  const { cert } = await loadWebIdentity(folder, [], () => NOW_MS, silentLog);
  expect(await readFile(join(folder, 'https.pem'), 'utf8')).toContain(cert);
});

test('without a writable folder the certificate is temporary, with a warning', async () => {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const { fingerprint } = await loadWebIdentity('/nonexistent/folder', [], () => NOW_MS, log);
  expect(fingerprint).toHaveLength(95);
  expect(warnings).toEqual([expect.stringContaining('for this run only')]);
});

import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadIdentity } from '../../../Peer/State/Identity.ts';
import { isId } from '../../../Protocol/Ids.ts';
import { peerIdOf } from '../../../Protocol/PeerKey.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('the key is created once, for its owner only, and matches the peer id', async () => {
  const folder = await TempFolder.forTest();
  const first = await loadIdentity(folder.path, silentLog);
  const second = await loadIdentity(folder.path, silentLog);
  expect(second.peerId).toBe(first.peerId);
  expect(isId(first.peerId)).toBe(true);
  expect(await readdir(folder.path)).toEqual(['identity.pem']);
  expect((await stat(folder.at('identity.pem'))).mode & 0o777).toBe(0o600);

  const publicKey = createPublicKey(first.privateKey);
  const signature = sign(null, Buffer.from('hello'), second.privateKey);
  expect(verify(null, Buffer.from('hello'), publicKey, signature)).toBe(true);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  expect(first.peerId).toBe(createHash('sha256').update(der).digest('hex'));
  expect(peerIdOf(publicKey)).toBe(first.peerId);
});

test('two folders have two peer ids', async () => {
  const [one, other] = [await TempFolder.forTest(), await TempFolder.forTest()];
  const ids = [await loadIdentity(one.path, silentLog), await loadIdentity(other.path, silentLog)];
  expect(ids[0]?.peerId).not.toBe(ids[1]?.peerId);
});

test('a key that others can read gets permissions of its owner only', async () => {
  const folder = await TempFolder.forTest();
  await loadIdentity(folder.path, silentLog);
  await chmod(folder.at('identity.pem'), 0o644);
  await loadIdentity(folder.path, silentLog);
  expect((await stat(folder.at('identity.pem'))).mode & 0o777).toBe(0o600);
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

test.each(['', 'no key', String(rsa)])(
  'a damaged key is reported, set aside and replaced',
  async (content) => {
    const folder = await TempFolder.forTest();
    const before = await loadIdentity(folder.path, silentLog);
    await writeFile(folder.at('identity.pem'), content);
    const warnings: string[] = [];
    const after = await loadIdentity(folder.path, {
      ...silentLog,
      warn: (message) => warnings.push(message),
    });
    expect(after.peerId).not.toBe(before.peerId);
    expect((await loadIdentity(folder.path, silentLog)).peerId).toBe(after.peerId);
    const aside = (await readdir(folder.path)).find((name) => name.includes('damaged'));
    expect(await readFile(folder.at(aside ?? ''), 'utf8')).toBe(content);
    expect(warnings).toEqual([expect.stringContaining('damaged')]);
  },
);

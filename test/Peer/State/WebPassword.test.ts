import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { WebPasswordFile } from '../../../Peer/State/WebPassword.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('a password is kept as a salted hash that only the user can read', async () => {
  const folder = await TempFolder.forTest();
  const file = new WebPasswordFile(folder.path, silentLog);
  expect([await file.version(), await file.verify('correct horse')]).toEqual([undefined, false]);
  await file.set('correct horse');
  const path = folder.at('web-password.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).not.toContain('horse');
  expect([await file.verify('correct horse'), await file.verify('correct horsf')]).toEqual([true, false]);
  const before = await file.version();
  await file.set('correct horse'); // Another salt.
  expect(await file.version()).not.toBe(before);
  await file.remove();
  expect([await file.version(), await file.verify('correct horse')]).toEqual([undefined, false]);
  await file.remove();
});

test('a short or endless password is refused; a damaged file means no password', async () => {
  const folder = await TempFolder.forTest();
  const file = new WebPasswordFile(folder.path, silentLog);
  for (const password of ['1234567', 'x'.repeat(1_025)])
    await expect(file.set(password)).rejects.toMatchObject({ code: 'USAGE' });
  for (const text of ['', '{}', '{"salt":"00","hash":"00"}', '[]', 'null']) {
    await writeFile(folder.at('web-password.json'), text);
    expect([await file.version(), await file.verify('')]).toEqual([undefined, false]);
  }
});

/** A path of at most 4,095 bytes, so that the name of a file moved aside is too long: root may write to any folder. */
test.skipIf(process.platform !== 'linux')(
  'a damaged file that cannot be moved aside is reported once, not at each request',
  async () => {
    const temporary = await TempFolder.forTest();
    let folder = temporary.path;
    while (folder.length < 4_060) folder += `/${'x'.repeat(Math.min(200, 4_070 - folder.length))}`;
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/web-password.json`, '{');
    const warnings: string[] = [];
    const file = new WebPasswordFile(folder, { warn: (text) => warnings.push(text) });
    for (let request = 0; request < 3; request++) await file.version();
    expect(warnings).toEqual([expect.stringContaining('cannot be moved aside')]);
  },
);

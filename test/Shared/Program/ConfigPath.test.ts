import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readConfig } from '../../../Shared/Program/ConfigPath.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('a config file is read up to 64 KiB; a larger one, binary data and a folder are errors with a hint', async () => {
  const folder = await TempFolder.forTest();
  const SHOAL_CONFIG = folder.at('shoal.conf');
  const comment = '#'.repeat(64 * 1_024 - 10);
  await writeFile(SHOAL_CONFIG, `${comment}\nname = a\n`);
  const { path, config } = await readConfig({ SHOAL_CONFIG });
  expect(path).toBe(SHOAL_CONFIG);
  expect(config?.lines).toEqual([{ key: 'name', value: 'a', line: 2 }]);
  await writeFile(SHOAL_CONFIG, `${comment}\nname = ab\n`);
  await expect(readConfig({ SHOAL_CONFIG })).rejects.toMatchObject({
    code: 'USAGE',
    message: /larger than 64 KiB/,
  });
  await writeFile(SHOAL_CONFIG, Uint8Array.of(0xff, 0xfe));
  await expect(readConfig({ SHOAL_CONFIG })).rejects.toMatchObject({ message: /UTF-8/ });
  await mkdir(folder.at('folder'));
  await expect(readConfig({ SHOAL_CONFIG: folder.at('folder') })).rejects.toMatchObject({
    message: /it is a folder/,
  });
});

test.skipIf(process.platform === 'win32')('a pipe without a writer does not block the program', async () => {
  const SHOAL_CONFIG = (await TempFolder.forTest()).at('pipe');
  execFileSync('mkfifo', [SHOAL_CONFIG]);
  await expect(readConfig({ SHOAL_CONFIG })).rejects.toMatchObject({ message: /it is a pipe/ });
});

test('a missing file that SHOAL_CONFIG names is an error; the default one may be missing', async () => {
  const folder = await TempFolder.forTest();
  await expect(readConfig({ SHOAL_CONFIG: folder.at('no.conf') })).rejects.toMatchObject({
    code: 'USAGE',
    message: /no\.conf that SHOAL_CONFIG names does not exist/,
    hint: expect.stringContaining('SHOAL_CONFIG'),
  });
  const { path } = await readConfig({});
  expect(path).toMatch(/shoal\.conf$/);
  expect((await readConfig({ SHOAL_CONFIG: '' })).path).toBe(path); // An empty variable is not set.
});

import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configPath, readConfigText } from '../../../Peer/Settings/ConfigPath.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('a config file is read up to 64 KiB; a larger one, binary data and a folder are errors with a hint', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('shoal.conf');
  expect(await readConfigText(path)).toBeUndefined();
  await writeFile(path, 'x'.repeat(64 * 1_024));
  expect(await readConfigText(path)).toHaveLength(64 * 1_024);
  await writeFile(path, 'x'.repeat(64 * 1_024 + 1));
  await expect(readConfigText(path)).rejects.toMatchObject({ code: 'USAGE', message: /larger than 64 KiB/ });
  await writeFile(path, Uint8Array.of(0xff, 0xfe));
  await expect(readConfigText(path)).rejects.toMatchObject({ message: /UTF-8/ });
  await mkdir(folder.at('folder'));
  await expect(readConfigText(folder.at('folder'))).rejects.toMatchObject({ message: /it is a folder/ });
});

test('SHOAL_CONFIG names another file', () => {
  expect(configPath({ SHOAL_CONFIG: '/c/mine.conf' })).toBe('/c/mine.conf');
  expect(configPath({})).toMatch(/shoal\.conf$/);
});

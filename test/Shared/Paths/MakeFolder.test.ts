import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { makeFolder } from '../../../Shared/Paths/MakeFolder.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('a folder is created with its parents, once', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('one/two/three');
  expect(await makeFolder(path, 0o700)).toBe(true);
  expect((await stat(folder.at('one'))).mode & 0o777).toBe(0o700);
  expect(await makeFolder(path)).toBe(false);
});

test('several programs may create the same folders at once', async () => {
  const folder = await TempFolder.forTest();
  for (let round = 0; round < 50; round++) {
    const paths = Array.from({ length: 4 }, (_, at) => folder.at(`${round}/a/b/c/${at}`));
    await Promise.all(paths.map((path) => makeFolder(path)));
    for (const path of paths) expect((await stat(path)).isDirectory()).toBe(true);
  }
});

test.skipIf(process.platform !== 'linux')(
  'where the system forbids new folders the attempt ends',
  async () => {
    await expect(makeFolder('/proc/none/of/these')).rejects.toMatchObject({ code: 'ENOENT' });
  },
);

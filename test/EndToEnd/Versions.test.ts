import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { lanTest as test } from '../Support/TestLan.ts';

test('the newer version is taken although more peers have the older one, which can be chosen', async ({
  lan,
}) => {
  for (const name of ['bob', 'carl'])
    await lan.seeder(name, { files: { 'Class/homework.txt': 'version 1', 'Class/b': 'b' } });
  await lan.seeder('anna', { files: { 'Class/homework.txt': 'version 2', 'Class/b': 'b' } });
  const SHOAL_TRACKER = await lan.tracker();
  const cwd = await lan.launcher.folder();
  const get = async (...args: string[]) => {
    const program = await lan.launcher.shoal(['get', ...args], { cwd: cwd.path, env: { SHOAL_TRACKER } });
    return { code: await program.exitCode(), stdout: program.stdout };
  };
  const first = await get('Class/', '--json');
  expect(await readFile(cwd.at('Class/homework.txt'), 'utf8')).toBe('version 2');
  const [item] = JSON.parse(first.stdout).items;
  expect(item.versions).toEqual([
    {
      path: 'Class/homework.txt',
      taken: expect.objectContaining({ copies: 1, isHere: false }),
      others: [expect.objectContaining({ copies: 2 })],
      undelivered: false,
    },
  ]);
  const again = await get('Class');
  expect(again.stdout).toMatch(/is here already.*\n1 file has other versions:\n/);
  expect((await readdir(cwd.at('Class'))).sort()).toEqual(['b', 'homework.txt']);
  const other = item.versions[0].others[0].id.slice(0, 8);
  expect((await get('Class/', '-o', 'old/', '--other', other)).code).toBe(0);
  expect(await readFile(cwd.at('old/Class/homework.txt'), 'utf8')).toBe('version 1');
  // By its name alone: one path, so these are also versions.
  expect((await get('homework.txt')).stdout).toContain('1 file has other versions');
  expect(await readFile(cwd.at('homework.txt'), 'utf8')).toBe('version 2');
});

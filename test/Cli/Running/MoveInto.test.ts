import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { moveInto } from '../../../Cli/Running/MoveInto.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('a file of a taken name gets a number, and replaces none', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('from/a.txt', 'new');
  await folder.write('to/a.txt', 'mine');
  expect(await moveInto(folder.at('from/a.txt'), folder.at('to'), undefined)).toBe(folder.at('to/a (2).txt'));
  expect(readFileSync(folder.at('to/a.txt'), 'utf8')).toBe('mine');
});

test('a folder is merged into an existing folder of its name', async () => {
  const folder = await TempFolder.forTest();
  for (const path of ['from/d/a', 'from/d/sub/b', 'from/d/new/c']) await folder.write(path, 'new');
  for (const path of ['to/d/a', 'to/d/sub/x', 'to/d/new']) await folder.write(path, 'mine');
  expect(await moveInto(folder.at('from/d'), folder.at('to'), undefined)).toBe(folder.at('to/d'));
  const names = readdirSync(folder.at('to/d'), { recursive: true }).map(String).sort();
  expect(names).toEqual(['a', 'a (2)', 'new', 'new (2)', 'new (2)/c', 'sub', 'sub/b', 'sub/x']);
  expect(readFileSync(folder.at('to/d/a'), 'utf8')).toBe('mine');
  expect(readdirSync(folder.at('from'))).toEqual([]);
});

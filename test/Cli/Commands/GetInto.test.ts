import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { getInto, placeOf, targetOf } from '../../../Cli/Commands/GetInto.ts';
import { failureAnswer } from '../../../Cli/Running/Answers.ts';
import type { Run } from '../../../Cli/Running/Run.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

test('-o is a file name for one file, and a folder for several', async () => {
  const place = await placeOf('no/such/film', ['a', 'b']);
  expect(place).toEqual({ folder: resolve('no/such'), name: 'film' });
  expect(targetOf(place, 1)).toEqual(place);
  expect(targetOf(place, 2)).toEqual({ folder: resolve('no/such/film'), name: undefined });
  expect(await placeOf('~/no/film', ['a'])).toEqual({ folder: `${homedir()}/no`, name: 'film' });
  const folder = await placeOf('no/such/', ['a']);
  expect(targetOf(folder, 2)).toEqual(folder);
});

test('an empty -o, as of an unset variable, is refused', async () => {
  await expect(placeOf('', ['film'])).rejects.toMatchObject({ code: 'USAGE' });
});

test('of a folder that failed, the complete files are kept with --keep-going, else its hint names the flag', async () => {
  const folder = await TempFolder.forTest();
  const failure = new ShoalError('INTEGRITY', '1 of 2 files could not be fetched', { hint: 'Try again.' });
  let root = '';
  const run = {
    guest: async (options: { root: string }) => {
      root = options.root;
      return { delivered: () => {}, close: async () => {} };
    },
    inGuest: async () => {
      await mkdir(join(root, 'share/Small'), { recursive: true });
      await writeFile(join(root, 'share/Small/a'), 'a');
      return failureAnswer('get', failure);
    },
  } as unknown as Run;
  const place = { folder: folder.path, name: undefined };
  const get = (keepGoing: boolean) =>
    getInto(run, { line: 'get Small/', words: ['Small/'], place, giveUpMs: undefined, keepGoing });
  const stopped = await get(false);
  const hint = `Try again. With --keep-going, complete files come to ${folder.path} at once`;
  expect(stopped.error?.hint).toBe(hint);
  expect(JSON.parse(stopped.json)).toMatchObject({ ok: false, error: { hint } });
  expect(existsSync(folder.at('Small'))).toBe(false);
  expect((await get(true)).error?.hint).toBe('Try again.');
  expect(existsSync(folder.at('Small/a'))).toBe(true);
});

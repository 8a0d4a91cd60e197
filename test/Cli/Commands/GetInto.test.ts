import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { placeOf, targetOf } from '../../../Cli/Commands/GetInto.ts';

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

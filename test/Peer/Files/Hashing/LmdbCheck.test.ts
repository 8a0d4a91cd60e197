import { expect, test } from 'vitest';
import { checkLmdbFile } from '../../../../Peer/Files/Hashing/LmdbCheck.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

test.each([
  ['zeros, as a crashed file system leaves them', Buffer.alloc(20_000)],
  ['text', Buffer.from('not a database\n'.repeat(1_000))],
  ['less than one page', Buffer.alloc(10, 1)],
])('a file of %s is never mapped', async (_, content) => {
  const path = await (await TempFolder.forTest()).write('hashes.mdb', content);
  expect(() => checkLmdbFile(path)).toThrow('not a database');
});

test('a missing or empty file is a new database', async () => {
  const folder = await TempFolder.forTest();
  checkLmdbFile(folder.at('missing'));
  checkLmdbFile(await folder.write('empty', ''));
});

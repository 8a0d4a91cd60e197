import { symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DeliveredFiles } from '../../../../Peer/Files/Serving/DeliveredFiles.ts';
import { fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const idOf = (text: string) => fileIdOf(text.length, [hashBytes(Buffer.from(text))]);

test('a delivered file is found by content, under its name or a numbered one', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('d/a.txt', 'mine');
  await folder.write('d/a (2).txt', 'text');
  const files = new DeliveredFiles({ folder: folder.path, name: undefined });
  expect(await files.find(idOf('text'), 4, 'd/a.txt')).toBe(folder.at('d/a (2).txt'));
  expect(await files.find(idOf('mine'), 4, 'd/a.txt')).toBe(folder.at('d/a.txt'));
  expect(await files.find(idOf('else'), 4, 'd/a.txt')).toBeUndefined();
  expect(await files.find(idOf('text'), 4, 'd/other.txt')).toBeUndefined();
});

test('a hostile path does not lead out of the folder, and a link is not read', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('out.txt', 'text');
  await folder.write('in/x', '');
  symlinkSync(folder.at('out.txt'), folder.at('in/link.txt'));
  const files = new DeliveredFiles({ folder: folder.at('in'), name: undefined });
  expect(await files.find(idOf('text'), 4, '../out.txt')).toBeUndefined();
  expect(await files.find(idOf('text'), 4, 'link.txt')).toBeUndefined();
});

test('a name that the user gave is that file or a conflict', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('new.txt', 'text');
  const files = new DeliveredFiles({ folder: folder.path, name: 'new.txt' });
  expect(await files.find(idOf('text'), 4, 'a.txt')).toBe(folder.at('new.txt'));
  await expect(files.find(idOf('else'), 4, 'a.txt')).rejects.toMatchObject({ code: 'LOCAL_CONFLICT' });
});

test('a delivered file is found under the name that its disk can store', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('kept?.txt', 'text');
  await folder.write('changed_.txt', 'text');
  const files = new DeliveredFiles({ folder: folder.path, name: undefined });
  expect(await files.find(idOf('text'), 4, 'kept?.txt')).toBe(folder.at('kept?.txt'));
  expect(await files.find(idOf('text'), 4, 'changed?.txt')).toBe(folder.at('changed_.txt'));
});

test('at most 100 numbered names are compared', async () => {
  const folder = await TempFolder.forTest();
  const name = (number: number) => (number === 1 ? 'a.txt' : `a (${number}).txt`);
  for (let number = 1; number < 100; number++) await folder.write(name(number), 'mine');
  await folder.write(name(100), 'text');
  await folder.write(name(101), 'last');
  const files = new DeliveredFiles({ folder: folder.path, name: undefined });
  expect(await files.find(idOf('text'), 4, 'a.txt')).toBe(folder.at(name(100)));
  expect(await files.find(idOf('last'), 4, 'a.txt')).toBeUndefined();
});

import { mkdir, rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { PathWatches } from '../../../../Peer/Files/Watching/PathWatches.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';
import { eventually } from '../manager.ts';

async function watches() {
  const folder = await TempFolder.forTest();
  const touched: string[] = [];
  const made = new PathWatches({
    changed: (key) => touched.push(key),
    lost: () => touched.push('lost'),
    limited: () => {},
  });
  onTestFinished(() => made.close());
  return { folder, touched, watches: made };
}

test('only watched paths are reported, each by its keys', async () => {
  const { folder, touched, watches: made } = await watches();
  await mkdir(folder.at('d'));
  made.set([
    [folder.at('d/a'), 'one'],
    [folder.at('d/a'), 'two'],
    [folder.at('d/b'), 'other'],
  ]);
  await folder.write('d/nobody', 'x');
  await folder.write('d/a', 'x');
  await eventually(() => expect(touched).toEqual(expect.arrayContaining(['one', 'two'])));
  expect(touched).not.toContain('other');
});

test('a path whose folder is missing is reported when the folder is created', async () => {
  const { folder, touched, watches: made } = await watches();
  made.set([[folder.at('not/yet/a'), 'a']]);
  await mkdir(folder.at('not'));
  await eventually(() => expect(touched).toContain('a'));
});

test('a folder removed and created again is watched again', async () => {
  const { folder, touched, watches: made } = await watches();
  await mkdir(folder.at('d'));
  made.set([[folder.at('d/a'), 'a']]);
  await rm(folder.at('d'), { recursive: true });
  await mkdir(folder.at('d'));
  await eventually(() => expect(touched).toContain('lost'));
  made.set([[folder.at('d/a'), 'a']]);
  touched.length = 0;
  await folder.write('d/a', 'x');
  await eventually(() => expect(touched).toContain('a'));
});

test('after close nothing is reported', async () => {
  const { folder, touched, watches: made } = await watches();
  made.set([[folder.at('a'), 'a']]);
  made.close();
  made.set([[folder.at('b'), 'b']]);
  await folder.write('a', 'x');
  await new Promise((done) => setImmediate(done));
  expect(touched).toEqual([]);
});

import { expect, test } from 'vitest';
import type { FolderFiles } from '../../../../Peer/Downloads/Folder/FolderFiles.ts';
import { FolderProgress } from '../../../../Peer/Downloads/Folder/FolderProgress.ts';

test('fetched files beside a taken name are counted, not those that were here under such a name before', () => {
  const paths = ['d/a.txt', 'd/b.txt', 'd/c.txt'];
  const files = { pathOf: (row: number) => paths[row], sizeOf: () => 1, place: () => {}, paths: () => paths };
  const progress = new FolderProgress({
    path: 'd/',
    incomplete: undefined,
    before: undefined,
    files: files as unknown as FolderFiles,
  });
  progress.place(0, '/share/d/a (2).txt', 'fetched');
  progress.place(1, '/share/d/b (2).txt', 'here');
  progress.place(2, '/share/d/c.txt', 'fetched');
  expect(progress.figures).toMatchObject({ filesDone: 3, beside: 1, renamed: 0 });
});

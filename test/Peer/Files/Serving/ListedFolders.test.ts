import { expect, test } from 'vitest';
import { listedFolders } from '../../../../Peer/Files/Serving/ListedFolders.ts';

test('folders of the share are listed with their times, without removed ones, up to the limit', () => {
  const share = (count: number) => ({
    folders: () => Array.from({ length: count }, (_, n) => `${n}`),
    absolute: (path: string) => `/share/${path}`,
  });
  const disk = { folderTime: (path: string) => (path === '/share/1' ? undefined : path.length) };
  expect(listedFolders(share(3), disk, '').map(({ path, modifiedMs }) => [path, modifiedMs])).toEqual([
    ['0/', 8],
    ['2/', 8],
  ]);
  expect(listedFolders(share(10_000), disk, '')).toHaveLength(4_096);
});

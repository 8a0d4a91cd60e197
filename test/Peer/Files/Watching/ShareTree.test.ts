import { expect, test } from 'vitest';
import { splitPath } from '../../../../Peer/Files/Disk/Paths.ts';
import { ShareTree } from '../../../../Peer/Files/Watching/ShareTree.ts';

function treeOf(...paths: string[]): ShareTree {
  const tree = new ShareTree();
  for (const path of paths) tree.addFile(...splitPath(path));
  return tree;
}

test('a removed folder is dropped with everything below it, and its files are returned', () => {
  const tree = treeOf('a', 'd/b', 'd/e/c', 'd2/x');
  expect(tree.removeFolder('d').files.sort()).toEqual(['d/b', 'd/e/c']);
  expect(['d', 'd/e', 'd2'].map((folder) => tree.hasFolder(folder))).toEqual([false, false, true]);
  expect(tree.foldersIn('')).toEqual(['d2']);
  expect(tree.removeFolder('d')).toEqual({ files: [], folders: [] });
  tree.addFile('d', 'new');
  expect([tree.filesIn('d'), tree.foldersIn('d'), tree.foldersIn('')]).toEqual([['new'], [], ['d2', 'd']]);
});

test('the whole share is removed with the root', () => {
  const tree = treeOf('a', 'd/b');
  expect(tree.removeFolder('').files.sort()).toEqual(['a', 'd/b']);
  expect(tree.hasFolder('')).toBe(false);
});

test('a file that is removed leaves its folder; an unknown one changes nothing', () => {
  const tree = treeOf('d/b');
  tree.removeFile('d/b');
  tree.removeFile('nowhere/x');
  expect([tree.filesIn('d'), tree.hasFolder('d'), tree.hasFolder('nowhere')]).toEqual([[], true, false]);
});

test('the files of a folder are replaced by those of its listing, and change with it', () => {
  const tree = treeOf('d/b', 'd/c');
  const names = new Set(['c', 'x']);
  tree.setFiles('d', names);
  tree.addFile('d', 'y');
  tree.removeFile('d/x');
  expect([tree.filesIn('d'), [...names]]).toEqual([
    ['c', 'y'],
    ['c', 'y'],
  ]);
});

test('packed names are the same, and change like others', () => {
  const tree = treeOf('d/b', 'd/c', 'e/x');
  tree.addFolder('empty');
  for (const folder of ['d', 'd', 'e', 'empty', 'nowhere']) tree.pack(folder);
  expect(['d', 'empty', 'nowhere'].map((folder) => tree.filesIn(folder))).toEqual([['b', 'c'], [], []]);
  tree.addFile('d', 'y');
  tree.removeFile('d/b');
  tree.addFile('empty', 'first');
  expect(['d', 'empty'].map((folder) => tree.filesIn(folder))).toEqual([['c', 'y'], ['first']]);
  expect(tree.removeFolder('e').files).toEqual(['e/x']);
});

test('the folders below a folder, empty ones too, and the folder itself', () => {
  const tree = new ShareTree();
  tree.addFile('a/b', 'c.txt');
  tree.addFolder('a/empty');
  tree.addFolder('ab');
  expect([...tree.below('a')].sort()).toEqual(['a', 'a/b', 'a/empty']);
  expect([...tree.below('')].sort()).toEqual(['a', 'a/b', 'a/empty', 'ab']);
  expect([...tree.below('missing')]).toEqual([]);
});

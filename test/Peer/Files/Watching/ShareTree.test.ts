import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { splitPath } from '../../../../Peer/Files/Disk/Paths.ts';
import { ShareTree } from '../../../../Peer/Files/Watching/ShareTree.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function usedBytes(): number {
  collectGarbage();
  return getHeapStatistics().used_heap_size;
}

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

test('the files of a folder are replaced by those of its listing, and change afterwards', () => {
  const tree = treeOf('d/b', 'd/c', 'e/x');
  tree.setFiles('d', 'c/x/z');
  tree.setFiles('empty', '');
  expect(['d', 'empty', 'nowhere'].map((folder) => tree.filesIn(folder))).toEqual([['c', 'x', 'z'], [], []]);
  for (const name of ['y', 'c', 'gone']) tree.addFile('d', name);
  for (const path of ['d/x', 'd/gone', 'd/never']) tree.removeFile(path);
  tree.addFile('empty', 'first');
  expect([tree.filesIn('d').toSorted(), tree.filesIn('empty')]).toEqual([['c', 'y', 'z'], ['first']]);
  expect(tree.removeFolder('d').files.sort()).toEqual(['d/c', 'd/y', 'd/z']);
});

test('names of a new folder are one text as soon as another folder gets files', () => {
  const tree = new ShareTree();
  const names = Array.from({ length: 200 }, (_, index) => `file-${index}`);
  const before = usedBytes();
  for (let folder = 0; folder < 100; folder++) for (const name of names) tree.addFile(`d${folder}`, name);
  expect((usedBytes() - before) / (100 * names.length)).toBeLessThan(20); // A map takes 37.
  tree.removeFile('d5/file-7');
  tree.addFile('d5', 'file-8');
  expect(tree.filesIn('d5')).toHaveLength(199);
  expect(tree.filesIn('d6')).toEqual(names);
});

test('names of files that came and went are not kept', () => {
  const tree = new ShareTree();
  tree.setFiles('spool', 'first/last');
  const before = usedBytes();
  for (let job = 0; job < 100_000; job++) {
    tree.addFile('spool', `job-${job}`);
    tree.removeFile(`spool/job-${job}`);
  }
  tree.removeFile('spool/first');
  expect(usedBytes() - before).toBeLessThan(3_000_000);
  expect(tree.filesIn('spool')).toEqual(['last']);
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

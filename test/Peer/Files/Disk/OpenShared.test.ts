import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync } from 'node:fs';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { openShared, readUnchanged } from '../../../../Peer/Files/Disk/OpenShared.ts';
import { hashFile } from '../../../../Peer/Files/Hashing/HashFile.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

async function share() {
  const folder = await TempFolder.forTest();
  await folder.write('share/d/file', 'shared');
  await folder.write('share-too/file', 'not shared');
  return { folder, root: folder.at('share') };
}

test('a file of the share is opened, with its state', async () => {
  const { root } = await share();
  const { fd, state } = openShared(root, 'd/file');
  closeSync(fd);
  expect(state.size).toBe(6);
});

test('a link at the end of the path is not followed', async () => {
  const { folder, root } = await share();
  await symlink(folder.at('share-too/file'), folder.at('share/link'));
  expect(() => openShared(root, 'link')).toThrow(expect.objectContaining({ code: 'ELOOP' }));
});

test('a folder that was swapped for a link leads nowhere, also to one whose name begins alike', async () => {
  const { folder, root } = await share();
  await rename(folder.at('share/d'), folder.at('elsewhere'));
  await symlink(folder.at('share-too'), folder.at('share/d'));
  expect(() => openShared(root, 'd/file')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  expect(() => openShared(root, '../share-too/file')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  expect(hashFile(root, 'd/file', () => {})).toMatchObject({ kind: 'failed', code: 'NOT_FOUND' });
});

test('pipes and folders are no files, and do not block', async () => {
  const { folder, root } = await share();
  execFileSync('mkfifo', [folder.at('share/pipe')]);
  await mkdir(folder.at('share/folder'));
  expect(() => openShared(root, 'pipe')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  expect(() => openShared(root, 'folder')).toThrow();
});

const stateAt = (path: string) => fileState(lstatSync(path, { bigint: true }));

test('a small file is read in one call while its state is the hashed one', async () => {
  const { folder } = await share();
  const path = folder.at('share/d/file');
  const hashed = stateAt(path);
  const into = Buffer.alloc(4);
  expect(readUnchanged(path, hashed, 2, into)).toBe(true);
  expect(into.toString()).toBe('ared');
  expect(readUnchanged(path, hashed, 3, into)).toBe(false); // Behind its end.
});

test('a small file that was changed or replaced leaves no byte in the buffer', async () => {
  const { folder } = await share();
  const path = folder.at('share/d/file');
  const hashed = stateAt(path);
  await writeFile(path, 'secret');
  const into = Buffer.alloc(6);
  expect(readUnchanged(path, { ...hashed, device: '0' }, 0, into)).toBe(false);
  expect(readUnchanged(path, hashed, 0, into)).toBe(false);
  await rename(folder.at('share/d'), folder.at('elsewhere'));
  await symlink(folder.at('share-too'), folder.at('share/d'));
  expect(readUnchanged(path, hashed, 0, into)).toBe(false);
  expect(into).toEqual(Buffer.alloc(6));
});

test('a pipe in the place of a small file is neither read nor waited for', async () => {
  const { folder } = await share();
  execFileSync('mkfifo', [folder.at('share/pipe')]);
  expect(() =>
    readUnchanged(folder.at('share/pipe'), stateAt(folder.at('share/d/file')), 0, Buffer.alloc(1)),
  ).toThrow(expect.objectContaining({ code: 'ESPIPE' }));
});

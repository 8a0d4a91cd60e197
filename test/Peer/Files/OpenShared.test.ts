import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { hashFile } from '../../../Peer/Files/HashFile.ts';
import { openShared } from '../../../Peer/Files/OpenShared.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

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

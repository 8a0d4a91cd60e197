import { expect, test } from 'vitest';
import { FolderKey } from '../../../../Peer/Downloads/Folder/FolderKey.ts';
import { hashBytes } from '../../../../Protocol/FileId.ts';
import { fileIdNumber } from '../Desk.ts';

test('the key is the hash of path, ids, sizes and paths: a record of an earlier version has the same', () => {
  const files = Array.from({ length: 3_000 }, (_, index) => ({
    fileId: fileIdNumber(index),
    size: index,
    path: `d/${'ü'.repeat(index % 50)} ${index}`,
    holders: [],
  }));
  const lines = files.map((file) => `${file.fileId} ${file.size} ${file.path}\n`);
  expect(new FolderKey('d/', files).hex).toBe(hashBytes(Buffer.from(`d/\n${lines.join('')}`)));
});

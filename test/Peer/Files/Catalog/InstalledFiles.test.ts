import { expect, test, vi } from 'vitest';
import { type InstalledFile, InstalledFiles } from '../../../../Peer/Files/Catalog/InstalledFiles.ts';
import type { FileState } from '../../../../Peer/Files/Disk/FileState.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';

/** As in InstalledFiles. */
const PAGE_ROWS = 1_024;
const STATE: FileState = {
  size: 7,
  modifiedMs: 1,
  touchedMs: 2,
  device: '3',
  inode: 4n,
  mtimeNs: 1_000_000n,
  ctimeNs: 2_000_000n,
};

function installed(number: number, path = `folder/${number}`): InstalledFile {
  const digits = number.toString(16).padStart(64, '0');
  return { path, state: STATE, fileId: digits as FileId, hash: digits.replace('0', 'f') as ChunkHash };
}

function added(files: readonly InstalledFile[]): InstalledFiles {
  const queue = new InstalledFiles();
  for (const file of files) queue.add(file);
  return queue;
}

test('files come out as they went in, also those with long paths', () => {
  const files = Array.from({ length: PAGE_ROWS + 5 }, (_, number) =>
    installed(number, `${'ä'.repeat(150)}/${number}`),
  );
  const queue = added(files);
  expect(files.map(() => queue.take())).toEqual(files.map((file, number) => ({ ...file, number })));
  expect(queue.take()).toBeUndefined();
});

test('the memory of a page is returned with its last file, not earlier', () => {
  const resized = vi.spyOn(ArrayBuffer.prototype, 'resize');
  const queue = added(Array.from({ length: PAGE_ROWS }, (_, number) => installed(number)));
  expect([...queue.takeContent(installed(9).fileId)]).toMatchObject([{ number: 9 }]);
  for (let taken = 0; taken < PAGE_ROWS - 2; taken++) queue.take();
  expect(resized).not.toHaveBeenCalled();
  expect([...queue.takeContent(installed(PAGE_ROWS - 1).fileId)]).toMatchObject([{ number: PAGE_ROWS - 1 }]);
  expect(resized.mock.calls).toEqual([[0]]);
  expect([...queue.takeContent(installed(9).fileId)]).toEqual([]);
});

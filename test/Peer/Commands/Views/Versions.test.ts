import { expect, test } from 'vitest';
import { downloadItem } from '../../../../Peer/Commands/Views/Items.ts';
import { versionsText } from '../../../../Peer/Commands/Views/VersionTexts.ts';
import { shellForm } from '../../../../Shared/ShoalError.ts';
import { downloadOf, fileIdOf } from '../FakeControls.ts';

/** Files with four other versions each. */
function versionsOf(files: number) {
  const version = (number: number) => ({
    fileId: fileIdOf(0xa000 + number),
    size: 1,
    modifiedMs: 0,
    copies: 1,
    isHere: false,
  });
  const others = [1, 2, 3, 4].map(version);
  return Array.from({ length: files }, (_, number) => ({
    path: `file ${number}`,
    taken: version(0),
    others,
  }));
}

test('three files and three versions of each are named, the other files counted', () => {
  const lines = versionsText({ versions: versionsOf(5), path: 'folder/' }, shellForm).split('\n');
  expect(lines).toEqual([
    '5 files have other versions:',
    '  file 0: took a000a000 (1 B), not a001a001 (1 B), a002a002 (1 B), a003a003 (1 B)',
    '  file 1: took a000a000 (1 B), not a001a001 (1 B), a002a002 (1 B), a003a003 (1 B)',
    '  file 2: took a000a000 (1 B), not a001a001 (1 B), a002a002 (1 B), a003a003 (1 B)',
    '  … and 2 more files',
    'Take another one: shoal download folder/ --other a001a001',
  ]);
});

test('an item lists 1,000 files with several versions', () => {
  expect(downloadItem(downloadOf(1, 'folder/', { versions: versionsOf(1_001) })).versions).toHaveLength(
    1_000,
  );
});

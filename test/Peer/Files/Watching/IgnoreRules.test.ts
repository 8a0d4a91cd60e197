import { expect, test } from 'vitest';
import { ignoredReason } from '../../../../Peer/Files/Disk/IgnoredNames.ts';
import { isIgnoredPath } from '../../../../Peer/Files/Watching/IgnoreRules.ts';

test.each([
  '.hidden',
  '._a',
  '.#a',
  '~$letter.docx',
  'a~',
  'a.SWP',
  'film.part',
  'x.tmp',
  'x.crdownload',
  'Thumbs.DB',
  'desktop.ini',
  '$RECYCLE.BIN',
  '.DS_Store',
  'lost+found',
])('%s is not shared', (name) => {
  expect(ignoredReason(name)).toBeDefined();
  expect(isIgnoredPath(`folder/${name}/file`)).toBe(true);
});

test.each(['a.b', 'part', 'tmp', 'a.part.txt', '~a', 'x~y', 'thumbs.db.txt', 'template', 'Temporary'])(
  '%s is shared',
  (name) => {
    expect(ignoredReason(name)).toBeUndefined();
  },
);

test('Temp is the folder of unfinished files only at the top of the share', () => {
  expect(isIgnoredPath('Temp/x')).toBe(true);
  expect(isIgnoredPath('temp')).toBe(true);
  expect(isIgnoredPath('music/Temp/x')).toBe(false);
});

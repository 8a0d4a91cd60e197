import { expect, test } from 'vitest';
import { ignoredReason, isIgnoredPath } from '../../../../Peer/Files/Watching/IgnoreRules.ts';

test.each([
  '.hidden',
  '._a',
  '.#a',
  '~$letter.docx',
  'a~',
  'a.SWP',
  'film.part',
  'x.crdownload',
  'Thumbs.DB',
])('%s is not shared', (name) => {
  expect(ignoredReason(name)).toBeDefined();
  expect(isIgnoredPath(`folder/${name}/file`)).toBe(true);
});

test.each(['a.b', 'part', 'a.part.txt', '~a', 'thumbs.db.txt', 'template'])('%s is shared', (name) => {
  expect(ignoredReason(name)).toBeUndefined();
});

test('Temp is the folder of unfinished files only at the top of the share', () => {
  expect(isIgnoredPath('Temp/x')).toBe(true);
  expect(isIgnoredPath('music/Temp/x')).toBe(false);
});

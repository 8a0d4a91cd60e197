import { expect, test } from 'vitest';
import { leftOutBy } from '../../../../Peer/Files/Watching/FolderWalk.ts';

test.each([
  ['n', 399, false],
  ['n', 400, true],
  ['ä', 199, false],
  ['ä', 200, true],
])('a path has 1,000 bytes at most: 600, a slash, and "%s" %i times', (character, count, tooLong) => {
  expect(leftOutBy('f'.repeat(600), character.repeat(count), 'file')).toEqual(
    tooLong ? { kind: 'problem', reason: expect.stringContaining('longer than 1000 bytes') } : undefined,
  );
});

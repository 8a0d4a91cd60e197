import { expect, test } from 'vitest';
import { folderName } from '../../../../Peer/Commands/Line/PeerNotation.ts';

test.each([
  ['photos/', '/', 'photos'],
  ['./photos/2024', '/', 'photos/2024'],
  ['.', '/', ''],
  ['photos\\2024\\', '\\', 'photos/2024'],
  ['a\\b', '/', 'a\\b'],
])('%s where names are separated by %s is the folder "%s"', (typed, separator, folder) => {
  expect(folderName(typed, separator)).toBe(folder);
});

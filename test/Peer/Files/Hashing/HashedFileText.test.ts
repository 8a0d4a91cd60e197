import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { readStoredText, storedText } from '../../../../Peer/Files/Hashing/HashedFileText.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';

const ID = 'ab'.repeat(32);
const state = fileState({ dev: 1n, ino: 2n, size: 3n, mtimeNs: 4_000_000n, ctimeNs: 4_000_000n });
const stored = { state, fileId: ID as FileId, onlyHash: 'cd'.repeat(32) as ChunkHash };
const TEXT = `1 3 4 1 2.3.4000000 4000000 ${ID} ${'cd'.repeat(32)}`;

test('the value of a file is this text, with its chunk hash if it has just one', () => {
  expect(storedText(stored)).toBe(TEXT);
  expect(readStoredText(TEXT)).toEqual(stored);
  const several = { ...stored, onlyHash: undefined };
  expect(readStoredText(storedText(several))).toEqual(several);
});

test.each([
  ['nothing', ''],
  ['another version', TEXT.replace('1', '2')],
  ['a negative size', TEXT.replace(' 3 ', ' -3 ')],
  ['a size that is no number', TEXT.replace(' 3 ', ' x ')],
  ['a time beyond exact numbers', TEXT.replace(' 4 ', ` ${2 ** 53} `)],
  ['no device', TEXT.replace('4 1 ', '4  ')],
  ['no content', TEXT.replace('2.3.4000000', '')],
  ['no ctime', TEXT.replace(' 4000000 ', '  ')],
  ['a short id', TEXT.replace(ID, ID.slice(1))],
  ['a short hash', TEXT.slice(0, -1)],
  ['a missing field', TEXT.slice(0, TEXT.lastIndexOf(' '))],
  ['a field too many', `${TEXT} x`],
])('a damaged value, %s, is no value', (_, text) => {
  expect(readStoredText(text)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { readRecord, recordLine } from '../../../../Peer/Files/Hashing/HashRecord.ts';
import { hashBytes } from '../../../../Protocol/FileId.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';

const ID = 'ab'.repeat(32);
const HASHES = 'cd'.repeat(64);
const state = fileState({ dev: 1n, ino: 2n, size: 3n, mtimeNs: 4_000_000n, ctimeNs: 4_000_000n });
const entry = { file: { state, fileId: ID as FileId }, hashes: HASHES };
const REST = `put 3 4 1 2.3.4000000 4000000 ${ID} ${HASHES} "d/a b"`;

/** A line with the right checksum. */
function line(rest: string): Buffer {
  return Buffer.from(`${hashBytes(Buffer.from(rest)).slice(0, 16)} ${rest}`);
}

test('a record is this line', () => {
  expect(recordLine('d/a b', entry).toString()).toBe(`${line(REST)}\n`);
  expect(readRecord(line(REST))).toEqual({ path: 'd/a b', entry });
  expect(
    readRecord(recordLine('x', { ...entry, hashes: Buffer.from(HASHES, 'hex') }).subarray(0, -1)),
  ).toEqual({
    path: 'x',
    entry,
  });
});

test('a removal is a record, and a path may hold anything', () => {
  for (const path of ['a', ' "', '\n', 'ü\u200c\ud800', '\\"']) {
    const encoded = recordLine(path, undefined);
    expect(encoded.indexOf('\n')).toBe(encoded.length - 1);
    expect(readRecord(encoded.subarray(0, -1))).toEqual({ path, entry: undefined });
  }
});

test.each([
  ['nothing', ''],
  ['another kind', REST.replace('put', 'cut')],
  ['a negative size', REST.replace(' 3 ', ' -3 ')],
  ['a size that is no number', REST.replace(' 3 ', ' x ')],
  ['a time beyond exact numbers', REST.replace(' 4 ', ` ${2 ** 53} `)],
  ['no device', REST.replace('4 1 ', '4  ')],
  ['no content', REST.replace('2.3.4000000', '')],
  ['no ctime', REST.replace(' 4000000 ', '  ')],
  ['a short id', REST.replace(ID, ID.slice(1))],
  ['a short hash', REST.replace(HASHES, HASHES.slice(1))],
  ['a field too many', REST.replace(HASHES, `${HASHES} x`)],
  ['no path', REST.slice(0, REST.indexOf(' "'))],
  ['half a path', REST.slice(0, -1)],
])('a damaged line, %s, is no record', (_, rest) => {
  expect(readRecord(line(rest))).toBeUndefined();
});

test('a line with a wrong checksum is no record', () => {
  const bytes = line(REST);
  bytes.writeUInt8((bytes[20] ?? 0) ^ 1, 20);
  expect(readRecord(bytes)).toBeUndefined();
});

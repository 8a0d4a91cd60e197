import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import {
  decodeRecord,
  encodeRecord,
  encodeRename,
  hashesOf,
  isIntact,
  pathOf,
  recordLength,
  withPath,
} from '../../../../Peer/Files/Hashing/HashRecord.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';

const ID = 'ab'.repeat(32);
const HASHES = 'cd'.repeat(64);
const stats = { dev: 1n, ino: 2n, size: 3n, mtimeNs: 4n, ctimeNs: -1n };
const entryOf = (fields: object) => ({
  file: { state: fileState({ ...stats, ...fields }), fileId: ID as FileId },
  hashes: HASHES,
});

test('golden bytes of a record', () => {
  const head = (length: number, crc: string, kind: string, pathLength: number) =>
    `53486333 ${length.toString(16)}000000 ${crc} ${kind}00 0${pathLength}00`;
  const file = encodeRecord('d/ü', entryOf({}));
  expect(file.toString('hex')).toBe(
    [
      head(156, 'a41d85ff', '01', 4),
      '0300000000000000 0400000000000000 ffffffffffffffff 0200000000000000 0100000000000000',
      `${ID} ${HASHES} 642fc3bc`,
    ]
      .join(' ')
      .replaceAll(' ', ''),
  );
  expect(encodeRecord('d/ü', undefined).toString('hex')).toBe(
    `${head(20, 'dc87e65b', '00', 4)} 642fc3bc`.replaceAll(' ', ''),
  );
});

test.each([
  ['a file', {}],
  ['a program', { mode: 0o755n }],
  [
    'the largest numbers',
    { dev: 2n ** 64n - 1n, ino: 2n ** 64n - 1n, size: 2n ** 53n - 1n, mtimeNs: -(2n ** 63n) },
  ],
])('%s is the same after a restart', (_, fields) => {
  const entry = entryOf(fields);
  for (const path of ['a', ' "', '\n', 'ü\u200c', 'SHc3']) {
    const record = encodeRecord(path, { ...entry, hashes: Buffer.from(HASHES, 'hex') });
    expect([recordLength(record, 0), isIntact(record)]).toEqual([record.length, true]);
    expect(decodeRecord(record)).toEqual({ path, file: entry.file });
    expect(hashesOf(record)?.toString('hex')).toBe(HASHES);
  }
});

test('a removal is a record without file and hashes', () => {
  const record = encodeRecord('d/ü', undefined);
  expect([isIntact(record), decodeRecord(record)]).toEqual([true, { path: 'd/ü', file: undefined }]);
  expect([pathOf(record), hashesOf(record)]).toEqual(['d/ü', undefined]);
});

test('a rename is a record of both paths', () => {
  const record = encodeRename({ from: 'd/ü', to: 'e' });
  expect(record.toString('hex').slice(24)).toBe('03000600642fc3bc0065');
  expect([isIntact(record), decodeRecord(record), hashesOf(record)]).toEqual([
    true,
    { from: 'd/ü', to: 'e' },
    undefined,
  ]);
});

test('a record with another path has otherwise the same bytes', () => {
  const moved = withPath(encodeRecord('d/ü', entryOf({})), 'else');
  expect(moved).toEqual(encodeRecord('else', entryOf({})));
  expect(withPath(encodeRecord('d/ü', entryOf({})), 'longer than before')).toEqual(
    encodeRecord('longer than before', entryOf({})),
  );
});

test('a record with one changed byte is damaged or not recognised', () => {
  for (const record of [encodeRecord('d/ü', entryOf({})), encodeRecord('d/ü', undefined)])
    for (let at = 0; at < record.length; at++) {
      const bytes = Buffer.from(record);
      bytes.writeUInt8((bytes[at] ?? 0) ^ 0x10, at);
      expect(recordLength(bytes, 0) === bytes.length && isIntact(bytes)).toBe(false);
    }
});

test('a length beyond any record is rejected', () => {
  const record = encodeRecord('a', undefined);
  for (const length of [0, 15, 2 ** 26, 2 ** 32 - 1]) {
    record.writeUInt32LE(length, 4);
    expect(recordLength(record, 0)).toBeUndefined();
  }
});

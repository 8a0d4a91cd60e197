import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import type { CacheRecord } from '../../../../Peer/Files/Hashing/HashCache.ts';
import { readLine } from '../../../../Peer/Files/Hashing/OldHashCache.ts';
import { openHashCache } from '../../../../Peer/Files/Hashing/OpenHashCache.ts';
import { hashBytes } from '../../../../Protocol/FileId.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const ID = 'ab'.repeat(32);
const HASHES = 'cd'.repeat(64);
const state = fileState({ dev: 1n, ino: 2n, size: 3n, mtimeNs: 4_000_000n, ctimeNs: 4_000_000n });
const file = { state, fileId: ID as FileId };
const REST = `put 3 4 1 2.3.4000000 4000000 ${ID} ${HASHES} "d/a b"`;

/** A line with the right checksum. */
function line(rest: string): Buffer {
  return Buffer.from(`${hashBytes(Buffer.from(rest)).slice(0, 16)} ${rest}`);
}

/** A folder with a cache of version 0.1, and the cache opened in it. */
async function desk(old: string | Buffer) {
  const folder = await TempFolder.forTest();
  const oldName = `hashes-v2-${hashBytes(Buffer.from('/share')).slice(0, 32)}.log`;
  await folder.write(`cache/${oldName}`, old);
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text), info: () => {}, debug: () => {} };
  const open = async () => {
    const cache = await openHashCache(folder.at('cache'), '/share', log);
    const records: CacheRecord[] = [];
    for await (const some of cache.load()) records.push(...some);
    return { cache, records };
  };
  return { folder, oldName, warnings, open, names: () => readdir(folder.at('cache')) };
}

test('a cache of version 0.1 is converted once: intact lines in their order, and its file is removed', async () => {
  const gone = 'gone "ü\\n"';
  const lines = [
    line(REST),
    Buffer.from('damaged'),
    line(gone),
    line(REST.replace('a b', 'x').replaceAll(HASHES, '')),
  ];
  const { oldName, warnings, open, names } = await desk(
    Buffer.concat(lines.flatMap((each) => [each, Buffer.from('\n')])),
  );
  const { cache, records } = await open();
  const expected = [
    { path: 'd/a b', file },
    { path: 'ü\n', file: undefined },
    { path: 'd/x', file },
  ];
  expect(records).toEqual(expected);
  expect(cache.hashes('d/a b')).toEqual(Buffer.from(HASHES, 'hex'));
  await cache.close();
  expect(await names()).toEqual([oldName.replace('v2', 'v3')]);
  const again = await open();
  expect(again.records).toEqual(expected);
  await again.cache.close();
  expect(warnings).toEqual([]);
});

test('lines across the reads of a large file are read whole', async () => {
  const lines = Array.from({ length: 4_000 }, (_, n) => `${line(REST.replace('a b', `${n}`))}\n`);
  const { open } = await desk(lines.join(''));
  const { cache, records } = await open();
  expect(records.map((record) => 'path' in record && record.path)).toEqual(lines.map((_, n) => `d/${n}`));
  await cache.close();
});

test('a newer cache is kept, and the old one removed', async () => {
  const { folder, oldName, open, names } = await desk(`${line(REST)}\n`);
  const newName = oldName.replace('v2', 'v3');
  await writeFile(folder.at('cache', newName), '');
  const { cache, records } = await open();
  expect(records).toEqual([]);
  await cache.close();
  expect(await names()).toEqual([newName]);
  expect(await readFile(folder.at('cache', newName))).toHaveLength(0);
});

test('a folder in place of the old cache is a warning, and files are hashed', async () => {
  const { folder, oldName, warnings, open } = await desk('');
  await rm(folder.at('cache', oldName));
  await folder.write(`cache/${oldName}/x`, 'x');
  const { cache, records } = await open();
  expect([records, warnings]).toEqual([[], [expect.stringContaining('earlier version')]]);
  await cache.close();
});

test.each([
  ['nothing', ''],
  ['another kind', REST.replace('put', 'cut')],
  ['a negative size', REST.replace(' 3 ', ' -3 ')],
  ['a size that is no number', REST.replace(' 3 ', ' x ')],
  ['a time beyond exact numbers', REST.replace(' 4 ', ` ${2 ** 53} `)],
  ['no device', REST.replace('4 1 ', '4  ')],
  ['a device that is no number', REST.replace('4 1 ', '4 x ')],
  ['no content', REST.replace('2.3.4000000', '')],
  ['no ctime', REST.replace(' 4000000 ', '  ')],
  ['a short id', REST.replace(ID, ID.slice(1))],
  ['a short hash', REST.replace(HASHES, HASHES.slice(1))],
  ['a field too many', REST.replace(HASHES, `${HASHES} x`)],
  ['no path', REST.slice(0, REST.indexOf(' "'))],
  ['half a path', REST.slice(0, -1)],
])('a damaged line is skipped: %s', (_, rest) => {
  expect(readLine(line(rest))).toBeUndefined();
});

test('a line with a wrong checksum is skipped', () => {
  const bytes = line(REST);
  bytes.writeUInt8((bytes[20] ?? 0) ^ 1, 20);
  expect(readLine(bytes)).toBeUndefined();
});

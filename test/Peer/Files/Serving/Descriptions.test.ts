import { expect, test } from 'vitest';
import { Descriptions } from '../../../../Peer/Files/Serving/Descriptions.ts';
import { madeFile } from '../Parts/parts.ts';

const MIB = 1_024 * 1_024;

/** The cached hashes of a file of two chunks, with the number of times they were loaded. */
function cached(salt: number) {
  const { description } = madeFile(MIB + 1, salt);
  const hashes = Buffer.from(description.chunkHashes.join(''), 'hex');
  const file = { description, loads: 0 };
  const load = () => {
    file.loads++;
    return hashes;
  };
  return { ...description, file, hashes, load };
}

test('cached hashes become the description of the file, and are loaded once', () => {
  const descriptions = new Descriptions();
  const { fileId, layout, file, load } = cached(0);
  expect(descriptions.get(fileId, layout.size, load)).toEqual(file.description);
  descriptions.get(fileId, layout.size, load);
  expect(file.loads).toBe(1);
});

test('damaged, missing and cut hashes are never served', () => {
  const descriptions = new Descriptions();
  const { fileId, layout, hashes } = cached(0);
  const damaged = Buffer.from(hashes);
  damaged[3] = (damaged[3] ?? 0) ^ 1;
  for (const found of [undefined, damaged, hashes.subarray(0, 32), Buffer.alloc(0)])
    expect(descriptions.get(fileId, layout.size, () => found)).toBeUndefined();
});

test('eight descriptions stay in memory', () => {
  const descriptions = new Descriptions();
  const files = Array.from({ length: 9 }, (_, salt) => cached(salt));
  for (const { fileId, layout, load } of files) descriptions.get(fileId, layout.size, load);
  for (const { fileId, layout, load } of files.slice(1)) descriptions.get(fileId, layout.size, load);
  expect(files.map(({ file }) => file.loads)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const [first] = files;
  first && descriptions.get(first.fileId, first.layout.size, first.load);
  expect(first?.file.loads).toBe(2);
});

import { appendFileSync, truncateSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type FilePart, hashFile, hashPart } from '../../../../Peer/Files/Hashing/HashFile.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const MIB = 1_024 * 1_024;

test('hashes of parts are equal to those of the whole file, and a file of another size is refused', async () => {
  const folder = await TempFolder.forTest();
  const content = Buffer.alloc(3 * MIB + 7, 1);
  for (let at = 0; at < content.length; at += MIB) content.writeUInt32BE(at, at);
  await folder.write('large', content);
  const root = folder.path;
  const part = (firstChunk: number, chunks: number, size = content.length): FilePart => ({
    size,
    firstChunk,
    chunks,
  });
  const whole = hashFile(root, 'large', () => {});
  if (whole.kind !== 'hashed') throw new Error(whole.kind);
  const told: number[] = [];
  const [first, second] = [part(0, 1), part(1, 3)].map((each) =>
    hashPart(root, 'large', each, (bytes) => told.push(bytes)),
  );
  expect(first).toEqual({ kind: 'hashed', state: whole.state, hashes: whole.hashes.slice(0, 64) });
  expect(second).toEqual({ kind: 'hashed', state: whole.state, hashes: whole.hashes.slice(64) });
  expect(told).toEqual([MIB, MIB, 2 * MIB, 2 * MIB + 7]);
  expect(hashPart(root, 'large', part(0, 1, content.length + 1), () => {})).toEqual({ kind: 'changed' });
  expect(hashPart(root, 'missing', part(0, 1), () => {})).toMatchObject({ kind: 'failed', code: 'ENOENT' });
});

/** Hashes a file of two chunks that is changed after its first chunk was read. */
async function hashWhile(change: (path: string) => void) {
  const folder = await TempFolder.forTest();
  const path = await folder.write('file', Buffer.alloc(2 * MIB, 1));
  return hashFile(folder.path, 'file', (bytes) => {
    if (bytes === MIB) change(path);
  });
}

test.each([
  ['grows', (path: string) => appendFileSync(path, 'x')],
  ['is cut', (path: string) => truncateSync(path, MIB + 1)],
])('a file that %s while it is read has no hash', async (_, change) => {
  expect(await hashWhile(change)).toEqual({ kind: 'changed' });
});

test('a change of a large file ends its hash after 32 MiB', async () => {
  const folder = await TempFolder.forTest();
  const path = await folder.write('film', '');
  await truncate(path, 100 * MIB);
  let read = 0;
  const outcome = hashFile(folder.path, 'film', (bytes) => {
    if (read === 0) appendFileSync(path, 'x');
    read = bytes;
  });
  expect(outcome).toEqual({ kind: 'changed' });
  expect(read).toBeLessThan(32 * MIB);
});

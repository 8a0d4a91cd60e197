import { expect, test } from 'vitest';
import { type FilePart, hashFile, hashPart } from '../../../../Peer/Files/Hashing/HashFile.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const MIB = 1_024 * 1_024;

test('parts of a file have the hashes of its chunks, and no other file has parts', async () => {
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

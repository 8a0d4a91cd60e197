import { expect, test } from 'vitest';
import { ChunkMemory } from '../../../../Peer/Downloads/Streams/ChunkMemory.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import { MIB } from '../FakePeer.ts';

/** Memory for two chunks of a file of `mebibytes` and a last chunk of 5 bytes. Chunk n consists of bytes n. */
function memory(mebibytes: number, needed: (chunk: number) => boolean = () => false) {
  const layout = chunkLayout(mebibytes * MIB + 5);
  const bytesOf = (chunk: number) => Buffer.alloc(chunk === mebibytes ? 5 : MIB, chunk);
  const chunkHashes = Array.from({ length: layout.chunkCount }, (_, chunk) => hashBytes(bytesOf(chunk)));
  let verified = 0;
  const chunks = new ChunkMemory({
    description: { fileId: fileIdOf(layout.size, chunkHashes), layout, chunkHashes },
    path: 'film.mkv',
    chunksMax: 2,
    needed,
    verified: () => {
      verified++;
    },
  });
  const receive = async (chunk: number, bytes = bytesOf(chunk)) => {
    const writer = chunks.writer(chunk);
    await writer.write(bytes.subarray(0, 3));
    await writer.write(bytes.subarray(3));
    return writer.finish();
  };
  return { chunks, receive, bytesOf, verified: () => verified };
}

test('a chunk is available once its hash is verified', async () => {
  const { chunks, receive, bytesOf, verified } = memory(2);
  expect(await receive(0, bytesOf(1))).toBe(false);
  expect([chunks.chunk(0), chunks.verified.has(0), verified()]).toEqual([undefined, false, 0]);
  expect(await receive(0)).toBe(true);
  expect(bytesOf(0).equals(chunks.chunk(0) ?? Buffer.alloc(0))).toBe(true);
  expect(await receive(2)).toBe(true);
  expect(chunks.chunk(2)).toHaveLength(5);
  expect([chunks.verified.count, verified()]).toEqual([2, 2]);
});

test('too few bytes are wrong, too many an error, and those after the end are dropped', async () => {
  const { chunks } = memory(2);
  const short = chunks.writer(0);
  await short.write(Buffer.alloc(5));
  expect(await short.finish()).toBe(false);
  await short.write(Buffer.alloc(5));
  const long = chunks.writer(2);
  await expect(long.write(Buffer.alloc(6))).rejects.toThrow(RangeError);
  expect(await chunks.writer(1).finish()).toBe(false);
  expect(() => chunks.writer(3)).toThrow(RangeError);
});

test('the least recently used chunk is evicted for the next one', async () => {
  const { chunks, receive } = memory(8);
  await receive(0);
  await receive(1);
  chunks.chunk(0);
  const memoryOfOne = chunks.chunk(1)?.buffer;
  chunks.chunk(0);
  await receive(2);
  expect([0, 1, 2].map((chunk) => chunks.verified.has(chunk))).toEqual([true, false, true]);
  expect(chunks.chunk(2)?.buffer).toBe(memoryOfOne);
});

test('chunks in read windows are never evicted', async () => {
  const { chunks, receive } = memory(8, (chunk) => chunk < 4);
  for (const chunk of [0, 1, 2, 3, 5, 6]) await receive(chunk);
  expect([...chunks.verified.indexes()]).toEqual([0, 1, 2, 3, 6]);
});

test('the last, shorter chunk releases all of its memory', async () => {
  const { chunks, receive } = memory(3);
  for (const chunk of [3, 0, 1, 2]) expect(await receive(chunk)).toBe(true);
  expect(chunks.chunk(2)).toHaveLength(MIB);
});

test('the memory of a piece that may still be in a socket is not reused', async () => {
  const { chunks, receive } = memory(8);
  await receive(1);
  const sending = chunks.chunk(1)?.subarray(0, 100);
  chunks.lend(1);
  for (const chunk of [2, 3, 4, 5]) await receive(chunk);
  expect(chunks.verified.has(1)).toBe(false);
  expect(sending?.every((byte) => byte === 1)).toBe(true);
});

test('a second copy of a chunk, and an abandoned one, release their memory', async () => {
  const { chunks, receive } = memory(8);
  await receive(1);
  const before = chunks.chunk(1);
  expect(await receive(1)).toBe(true);
  expect(chunks.chunk(1)).toBe(before);
  const given = chunks.writer(2);
  await given.write(Buffer.alloc(5));
  given.abandon();
  given.abandon();
  await receive(3);
  await receive(4);
  expect([...chunks.verified.indexes()]).toEqual([3, 4]);
});

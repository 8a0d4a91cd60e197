import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Blake3, createBlake3 } from '../../Protocol/Blake3.ts';
import { chunkLayout, chunkLength, chunkOffset } from '../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes, isDescriptionOf, isOneChunk } from '../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../Protocol/Ids.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';

const MIB = 1_024 * 1_024;

/** The content of BLAKE3's own test vectors: 0, 1, …, 250, 0, 1, … */
function content(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => index % 251));
}

function chunkHashesOf(bytes: Buffer): ChunkHash[] {
  const layout = chunkLayout(bytes.length);
  return Array.from({ length: layout.chunkCount }, (_, index) => {
    const start = chunkOffset(layout, index);
    return hashBytes(bytes.subarray(start, start + chunkLength(layout, index)));
  });
}

// Computed by another program from the text of docs/reference/protocol.md, with another BLAKE3.
const VECTORS: [size: number, fileId: string][] = [
  [0, 'c378adf9e6b07707d22bf1d6c0ad0fa8f20104b50d3c9130b9c934b66535362b'],
  [1, '7dc1e41f385b40043ff1f721713a1faf650a10e66bc17a1f99bbf0b30505d99e'],
  [MIB, 'eae0553e7c230ff49282a989dc48e2ae4651b5054de3cf8795a6fb5fa1b2f8c9'],
  [MIB + 1, '1bbf4bc669e99306f47908bcd8df19b09456fbaf20168ac2877f1ffbe9a0c8ca'],
  [2 * MIB + 5, '58134bd7c724449d517492e90792b8656e2c729c5ff4be0987369dfde2a01326'],
];

test.each(VECTORS)('the id of %d bytes', (size, fileId) => {
  const hashes = chunkHashesOf(content(size));
  expect(fileIdOf(size, hashes)).toBe(fileId);
  expect(isDescriptionOf(fileId as FileId, size, hashes)).toBe(true);
  expect(isOneChunk(size)).toBe(size <= MIB);
});

test('another size, order or number of hashes gives another id', () => {
  const size = 2 * MIB + 5;
  const fileId = VECTORS[4]?.[1] as FileId;
  const [one, two, three] = chunkHashesOf(content(size)) as [ChunkHash, ChunkHash, ChunkHash];
  expect(isDescriptionOf(fileId, size + 1, [one, two, three])).toBe(false);
  expect(isDescriptionOf(fileId, size, [two, one, three])).toBe(false);
  expect(isDescriptionOf(fileId, size, [one, two])).toBe(false);
  expect(isDescriptionOf(fileId, size, [one, two, three, three])).toBe(false);
  expect(() => fileIdOf(size, [one])).toThrow(RangeError);
});

/** From the BLAKE3 reference implementation (test_vectors.json), and "abc". */
const BLAKE3_VECTORS: [name: string, bytes: Buffer, digest: string][] = [
  ['nothing', content(0), 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  ['one byte', content(1), '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  ['1,024 bytes', content(1_024), '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  ['abc', Buffer.from('abc'), '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85'],
];

async function withoutNative(): Promise<() => Blake3> {
  vi.resetModules();
  const absent = vi.fn(() => {
    throw new Error('no prebuilt binary for this machine');
  });
  vi.doMock('node:module', () => ({ createRequire: () => absent }));
  vi.doMock('@napi-rs/blake-hash', absent);
  const { createBlake3: create } = await import('../../Protocol/Blake3.ts');
  expect(absent).toHaveBeenCalled();
  return create;
}

afterEach(() => {
  vi.doUnmock('node:module');
  vi.doUnmock('@napi-rs/blake-hash');
  vi.resetModules();
});

describe.each([
  ['native', async () => createBlake3],
  ['WebAssembly', withoutNative],
])('BLAKE3, %s', (_name, load) => {
  test.each(BLAKE3_VECTORS)('of %s', async (_what, bytes, digest) => {
    const hasher = (await load())();
    hasher.update(bytes);
    expect(hasher.digest()).toBe(digest);
  });

  test('is the same for any pieces, interleaved with other hashers', async () => {
    const create = await load();
    const random = new SeededRandom(1);
    const files = Array.from({ length: 5 }, () => random.bytes(random.int(100_000, 200_000)));
    const open = files.map((bytes) => ({ bytes, at: 0, hasher: undefined as Blake3 | undefined }));
    for (let left = open; left.length > 0; left = open.filter(({ at, bytes }) => at < bytes.length)) {
      const one = random.pick(left);
      const end = one.at + random.int(0, 20_000);
      one.hasher ??= create(); // While other hashers are half-way.
      one.hasher.update(one.bytes.subarray(one.at, end));
      one.at = end;
    }
    expect(open.map(({ hasher }) => hasher?.digest())).toEqual(files.map(hashBytes));
  });
});

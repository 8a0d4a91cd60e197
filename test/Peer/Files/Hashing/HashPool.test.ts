import { expect, test } from 'vitest';
import { type FileState, fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import type { Hasher } from '../../../../Peer/Files/Hashing/Hasher.ts';
import type { FilePart, HashOutcome, PartOutcome } from '../../../../Peer/Files/Hashing/HashFile.ts';
import { HashPool } from '../../../../Peer/Files/Hashing/HashPool.ts';
import { fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import type { ChunkHash } from '../../../../Protocol/Ids.ts';
import { FILE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;
const CHANGED = { kind: 'changed' } as const;

/** Hashers whose replies the test sends. */
function pool(size: number) {
  const clock = new SimulatedClock();
  const batches: { paths: readonly string[]; progress: (bytes: number) => void; answer: () => void }[] = [];
  const parts: {
    readonly path: string;
    readonly part: FilePart;
    readonly progress: (bytes: number) => void;
    readonly answer: (outcome: PartOutcome) => void;
  }[] = [];
  const finished: string[] = [];
  const outcomes: HashOutcome[] = [];
  const hashers = { made: 0, closed: 0 };
  const makeHasher = (): Hasher => {
    hashers.made++;
    return {
      hash: (_, paths, progress) =>
        new Promise((resolve) =>
          batches.push({ paths, progress, answer: () => resolve(paths.map(() => CHANGED)) }),
        ),
      hashPart: (_, path, part, progress) =>
        new Promise((resolve) => parts.push({ path, part, progress, answer: resolve })),
      close: async () => void hashers.closed++,
    };
  };
  const made = new HashPool({
    root: '/share',
    clock,
    makeHasher,
    size,
    finished: (path, outcome) => {
      finished.push(path);
      outcomes.push(outcome);
    },
  });
  return { pool: made, clock, batches, parts, finished, outcomes, hashers };
}

test('small files are hashed in batches', async () => {
  const { pool: hashPool, clock, batches, finished, hashers } = pool(2);
  for (let n = 0; n < 600; n++) hashPool.add(`${n}`, 10);
  expect(hashers.made).toBe(0);
  await clock.flush();
  expect(batches.map(({ paths }) => paths.length)).toEqual([256, 256]);
  expect(hashPool.pending).toMatchObject({ files: 600, bytes: 6_000 });
  batches[0]?.answer();
  await clock.flush();
  expect(batches.map(({ paths }) => paths.length)).toEqual([256, 256, 88]);
  expect(finished).toHaveLength(256);
  expect(hashPool.pending).toMatchObject({ files: 344, bytes: 3_440 });
});

test('the pool is full with 2,048 small files that no hasher has, whatever the number of large ones', async () => {
  const { pool: hashPool, clock } = pool(1);
  for (let n = 0; n < 3_000; n++) hashPool.add(`large ${n}`, GIB);
  for (let n = 0; n < 2_047; n++) hashPool.add(`${n}`, 10);
  expect(hashPool.isFull).toBe(false);
  hashPool.add('last', 10);
  expect(hashPool.isFull).toBe(true);
  await clock.flush();
  expect(hashPool.isFull).toBe(false);
});

/** The reply of a thread that read a part in this state. */
function hashedPart({ firstChunk, chunks }: FilePart, state: FileState): PartOutcome {
  const hashes = Array.from({ length: chunks }, (_, index) => hashOf(firstChunk + index));
  return { kind: 'hashed', state, hashes: hashes.join('') };
}

function hashOf(chunk: number): ChunkHash {
  return hashBytes(Buffer.from(`${chunk}`));
}

function stateOf(size: number, changed = 1n): FileState {
  return fileState({ dev: 1n, ino: 2n, size: BigInt(size), mtimeNs: 3n, ctimeNs: changed });
}

test('all hashers share a large file, so that none is idle during the last one', async () => {
  const { pool: hashPool, clock, parts, finished, outcomes } = pool(3);
  const size = 300 * MIB + 5;
  hashPool.add('one', size);
  await clock.flush();
  expect(parts.map(({ path, part }) => [path, part.firstChunk, part.chunks])).toEqual([
    ['one', 0, 128],
    ['one', 128, 128],
    ['one', 256, 45],
  ]);
  for (const { part, answer } of parts.toReversed()) {
    expect(finished).toEqual([]);
    answer(hashedPart(part, stateOf(size)));
    await clock.flush();
  }
  expect(finished).toEqual(['one']);
  const hashes = Array.from({ length: 301 }, (_, chunk) => hashOf(chunk));
  expect(outcomes).toEqual([
    { kind: 'hashed', state: stateOf(size), fileId: fileIdOf(size, hashes), hashes: hashes.join('') },
  ]);
  expect(hashPool.pending).toMatchObject({ files: 0, bytes: 0 });
});

test('large files are hashed one after the other and never delay small ones', async () => {
  const { pool: hashPool, clock, batches, parts } = pool(2);
  for (const name of ['one', 'two']) hashPool.add(name, 200 * MIB);
  await clock.flush();
  expect(parts.map(({ path }) => path)).toEqual(['one', 'one']);
  hashPool.add('small', 10);
  await clock.flush();
  expect(batches.map(({ paths }) => paths)).toEqual([['small']]);
  batches[0]?.answer();
  await clock.flush();
  expect(parts).toHaveLength(2);
  parts[0]?.answer(CHANGED);
  await clock.flush();
  expect(parts.map(({ path }) => path)).toEqual(['one', 'one', 'two']);
});

test.each([
  ['a part that changed', () => CHANGED],
  ['parts of different states', (part: FilePart) => hashedPart(part, stateOf(GIB, 2n))],
])('%s: nothing more is read of that file', async (_, second) => {
  const { pool: hashPool, clock, parts, finished, outcomes } = pool(2);
  hashPool.add('one', GIB);
  await clock.flush();
  const [one, two] = parts;
  one?.answer(hashedPart(one.part, stateOf(GIB)));
  await clock.flush();
  expect(parts).toHaveLength(3);
  two?.answer(second(two.part));
  await clock.flush();
  expect([parts.length, finished]).toEqual([3, []]);
  expect(hashPool.pending).toMatchObject({ files: 1, bytes: 128 * MIB });
  parts[2]?.answer(CHANGED);
  await clock.flush();
  expect([finished, outcomes]).toEqual([['one'], [CHANGED]]);
  expect(hashPool.pending).toMatchObject({ files: 0, bytes: 0 });
});

test('a queued large file that is removed, or has grown', async () => {
  const { pool: hashPool, clock, parts, finished } = pool(1);
  hashPool.add('one', GIB);
  hashPool.add('two', GIB);
  hashPool.add('two', GIB + 1);
  await clock.flush();
  expect(hashPool.pending).toMatchObject({ files: 2, bytes: 2 * GIB + 1 });
  hashPool.remove('one');
  expect(hashPool.pending).toMatchObject({ files: 1, bytes: GIB + 1 + 128 * MIB });
  parts[0]?.answer(CHANGED);
  await clock.flush();
  expect(finished).toEqual([]);
  expect(parts.map(({ path, part }) => [path, part.size])).toEqual([
    ['one', GIB],
    ['two', GIB + 1],
  ]);
  expect(hashPool.pending).toMatchObject({ files: 1, bytes: GIB + 1 });
});

test('progress and rate', async () => {
  const { pool: hashPool, clock, parts } = pool(1);
  hashPool.add('one', 64 * MIB);
  await clock.flush();
  for (let n = 0; n < 400; n++) {
    clock.advance(10);
    parts[0]?.progress(10_000);
  }
  expect(hashPool.pending).toMatchObject({ files: 1, bytes: 64 * MIB - 4_000_000 });
  expect(hashPool.pending.bytesPerSecond).toBeCloseTo(1_000_000, -5);
  parts[0]?.answer(CHANGED);
  await clock.flush();
  expect(hashPool.pending).toEqual({ files: 0, bytes: 0, bytesPerSecond: 0 });
});

test('hashers are closed when idle and created again on demand', async () => {
  const { pool: hashPool, clock, batches, hashers } = pool(1);
  hashPool.add('a', 1);
  await clock.flush();
  batches[0]?.answer();
  await clock.advanceAsync(20_000);
  expect(hashers).toEqual({ made: 1, closed: 1 });
  hashPool.add('b', 1);
  await clock.flush();
  expect(hashers.made).toBe(2);
});

test('a removed file is not hashed; after close nothing is reported', async () => {
  const { pool: hashPool, clock, batches, finished } = pool(1);
  hashPool.add('a', 1);
  hashPool.add('b', 2);
  hashPool.remove('a');
  await clock.flush();
  expect(batches.map(({ paths }) => paths)).toEqual([['b']]);
  await hashPool.close();
  batches[0]?.answer();
  await clock.flush();
  expect(finished).toEqual([]);
});

test('a batch has 16 MiB at most, or one file; a larger file goes in parts', async () => {
  const { pool: hashPool, clock, batches, parts } = pool(4);
  const sizes = { a: 16 * MIB, b: 10 * MIB, c: 6 * MIB, d: 1, e: 16 * MIB + 1 };
  for (const [path, size] of Object.entries(sizes)) hashPool.add(path, size);
  await clock.flush();
  expect(batches.map(({ paths }) => paths)).toEqual([['a'], ['b', 'c'], ['d']]);
  expect(parts.map(({ path }) => path)).toEqual(['e']);
});

test('a file beyond the maximum size is passed to the hasher, which refuses it', async () => {
  const { pool: hashPool, clock, batches } = pool(1);
  hashPool.add('huge', FILE_BYTES_MAX + 1);
  await clock.flush();
  expect(batches.map(({ paths }) => paths)).toEqual([['huge']]);
});

test('a large file that is being hashed is not queued again when it grows', async () => {
  const { pool: hashPool, clock, parts, finished } = pool(1);
  hashPool.add('one', 20 * MIB);
  hashPool.add('two', 300 * MIB);
  await clock.flush();
  parts[0]?.answer(CHANGED);
  await clock.flush();
  hashPool.add('two', 301 * MIB);
  expect(hashPool.pending).toMatchObject({ files: 1, bytes: 300 * MIB });
  parts[1]?.answer(CHANGED);
  await clock.flush();
  expect(finished).toEqual(['one', 'two']);
  expect(hashPool.pending).toMatchObject({ files: 0, bytes: 0 });
});

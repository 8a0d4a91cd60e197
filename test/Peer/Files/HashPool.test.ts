import { expect, test } from 'vitest';
import type { Hasher } from '../../../Peer/Files/Hasher.ts';
import type { HashOutcome } from '../../../Peer/Files/HashFile.ts';
import { HashPool } from '../../../Peer/Files/HashPool.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const GIB = 1_024 ** 3;
const CHANGED: HashOutcome = { kind: 'changed' };

/** Hashers that answer when told to. */
function pool(size: number) {
  const clock = new SimulatedClock();
  const batches: { paths: readonly string[]; progress: (bytes: number) => void; answer: () => void }[] = [];
  const finished: string[] = [];
  const hashers = { made: 0, closed: 0 };
  const makeHasher = (): Hasher => {
    hashers.made++;
    return {
      hash: (_, paths, progress) =>
        new Promise((resolve) =>
          batches.push({ paths, progress, answer: () => resolve(paths.map(() => CHANGED)) }),
        ),
      close: async () => void hashers.closed++,
    };
  };
  const made = new HashPool({
    root: '/share',
    clock,
    makeHasher,
    size,
    finished: (path) => finished.push(path),
  });
  return { pool: made, clock, batches, finished, hashers };
}

test('small files travel together', async () => {
  const { pool: hashPool, clock, batches, finished, hashers } = pool(2);
  for (let n = 0; n < 600; n++) hashPool.add(`${n}`, 10);
  expect(hashers.made).toBe(0);
  await clock.flush();
  expect(batches.map(({ paths }) => paths.length)).toEqual([256, 256]);
  expect(hashPool.left).toMatchObject({ files: 600, bytes: 6_000 });
  batches[0]?.answer();
  await clock.flush();
  expect(batches.map(({ paths }) => paths.length)).toEqual([256, 256, 88]);
  expect(finished).toHaveLength(256);
  expect(hashPool.left).toMatchObject({ files: 344, bytes: 3_440 });
});

test('large files go one by one, and never keep small ones waiting', async () => {
  const { pool: hashPool, clock, batches } = pool(2);
  for (const name of ['one', 'two', 'three']) hashPool.add(name, GIB);
  await clock.flush();
  expect(batches.map(({ paths }) => paths)).toEqual([['one'], ['two']]);
  hashPool.add('small', 10);
  await clock.flush();
  expect(batches.map(({ paths }) => paths)).toEqual([['one'], ['two'], ['small']]);
  batches[2]?.answer();
  await clock.flush();
  expect(batches).toHaveLength(3);
});

test('progress and rate', async () => {
  const { pool: hashPool, clock, batches } = pool(1);
  hashPool.add('one', GIB);
  await clock.flush();
  for (let n = 0; n < 400; n++) {
    clock.advance(10);
    batches[0]?.progress(10_000);
  }
  expect(hashPool.left).toMatchObject({ files: 1, bytes: GIB - 4_000_000 });
  expect(hashPool.left.bytesPerSecond).toBeCloseTo(1_000_000, -5);
  batches[0]?.answer();
  await clock.flush();
  expect(hashPool.left).toEqual({ files: 0, bytes: 0, bytesPerSecond: 0 });
});

test('hashers are closed when idle, and made again when needed', async () => {
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

test('a file that is taken back is not hashed; after close nothing is told', async () => {
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

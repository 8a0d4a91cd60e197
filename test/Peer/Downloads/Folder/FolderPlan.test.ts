import { expect, test } from 'vitest';
import * as plans from '../../../../Peer/Downloads/Folder/FolderPlan.ts';
import { ListedFiles } from '../../../../Peer/Downloads/Folder/ListedFiles.ts';
import type { CatalogEntry } from '../../../../Peer/Model.ts';
import { fileIdOf } from '../../../../Protocol/FileId.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { seeds } from '../../../Support/seeds.ts';
import { fileIdNumber } from '../Desk.ts';
import { FakePeer } from '../FakePeer.ts';

type Row = readonly [path: string, content: number, modifiedMs?: number, size?: number];

type Listing = plans.Listing & { readonly files: CatalogEntry[] };

/** The plan, with its files as an array. */
function planFolder(...wish: Parameters<typeof plans.planFolder>) {
  const { files, versions } = plans.planFolder(...wish);
  return { files: [...files], versions };
}

function listing(number: number, ...rows: Row[]): Listing {
  const { holder } = new FakePeer(new SimulatedClock(), number, 1);
  const files = rows.map(([path, content, modifiedMs = 0, size = 10]) => ({
    path,
    fileId: fileIdNumber(content),
    size,
    modifiedMs,
  }));
  return { holder, files };
}

function plan(folder: string, ...listings: Listing[]) {
  return planFolder(folder, listings).files.map(({ path, fileId, holders }) => [
    path,
    numberOf(fileId),
    holders.map(({ name }) => Number(name.slice(5))),
  ]);
}

function numberOf(fileId: FileId): number {
  return Number.parseInt(fileId.slice(-6), 16);
}

test('holders of the same content are merged, whatever its path; paths are relative to the parent folder', () => {
  const one = listing(1, ['music/jazz/a.mp3', 1], ['music/jazz/live/b.mp3', 2], ['music/other', 3]);
  const two = listing(2, ['music/jazz/a.mp3', 1], ['music/jazz/second.mp3', 2]);
  expect(plan('music/jazz/', one, two)).toEqual([
    ['jazz/a.mp3', 1, [1, 2]],
    ['jazz/live/b.mp3', 2, [1, 2]],
    ['jazz/second.mp3', 2, [1, 2]],
  ]);
});

test('entries outside the folder are dropped', () => {
  expect(
    plan('jazz', listing(1, ['jazz', 1], ['jazz/', 2], ['jazz/below/', 2], ['jazzy/a', 3], ['x/jazz/a', 4])),
  ).toEqual([]);
  expect(plan('', listing(1, ['a', 1], ['b/c', 2])).map(([path]) => path)).toEqual(['a', 'b/c']);
});

test('the newer version is taken, even if more peers have the older one, which is reported', () => {
  const old = [listing(1, ['d/a', 1, 5]), listing(2, ['d/a', 1, 6])];
  const { files, versions } = planFolder('d', [...old, listing(3, ['d/a', 2, 9])]);
  expect(files.map(({ path, fileId }) => [path, numberOf(fileId)])).toEqual([['d/a', 2]]);
  expect(versions).toMatchObject([
    {
      path: 'd/a',
      taken: { modifiedMs: 9, copies: 1 },
      others: [{ modifiedMs: 5, copies: 2, isHere: false }],
    },
  ]);
});

test('a later copy of the older version is not newer than the newer version', () => {
  const old = [listing(1, ['d/a', 1, 5]), listing(2, ['d/a', 1, 100])];
  expect(plan('d', ...old, listing(3, ['d/a', 2, 9]))).toEqual([['d/a', 2, [3]]]);
});

test('versions of one time: most peers, then the lowest id', () => {
  expect(plan('d', listing(1, ['d/a', 1]), listing(2, ['d/a', 2]), listing(3, ['d/a', 2]))).toEqual([
    ['d/a', 2, [2, 3]],
  ]);
  expect(plan('d', listing(1, ['d/a', 2]), listing(2, ['d/a', 1]))).toEqual([['d/a', 1, [2]]]);
});

test('a time in the far future does not count as new', () => {
  const [old, false_] = [listing(1, ['d/a', 1, 5]), listing(2, ['d/a', 2, 9e12])];
  const { files } = planFolder('d', [old, false_], { wallMs: 1_000 });
  expect(files.map(({ fileId }) => numberOf(fileId))).toEqual([1]);
});

test('another version can be chosen by the first digits of its id', () => {
  const both = [listing(1, ['d/a', 1, 5]), listing(2, ['d/a', 2, 9])];
  const { files } = planFolder('d', both, { other: fileIdNumber(1) });
  expect(files.map(({ fileId }) => numberOf(fileId))).toEqual([1]);
});

test('the own version counts like any other, and is not fetched if it is the newest', () => {
  const own = (modifiedMs: number) => listing(9, ['d/a', 3, modifiedMs], ['d/mine', 4]).files;
  const newer = planFolder('d', [listing(1, ['d/a', 1, 5])], { own: own(7) });
  expect(newer.files.map(({ path, fileId }) => [path, numberOf(fileId)])).toEqual([['d/a', 3]]);
  expect(newer.versions).toMatchObject([{ taken: { isHere: true }, others: [{ isHere: false }] }]);
  const older = planFolder('d', [listing(1, ['d/a', 1, 5])], { own: own(3) });
  expect(older.files.map(({ fileId }) => numberOf(fileId))).toEqual([1]);
  expect(older.versions).toMatchObject([{ taken: { isHere: false }, others: [{ isHere: true }] }]);
});

test('a new version with a number, beside the old one of the same peer, is not fetched twice', () => {
  const beside = listing(1, ['d/a.txt', 1, 5], ['d/a (2).txt', 2, 9], ['d/b (2).txt', 2, 9]);
  expect(plan('d', beside, listing(2, ['d/a.txt', 2, 9])).map(([path]) => path)).toEqual([
    'd/a.txt',
    'd/b (2).txt',
  ]);
});

test('names that differ only in case are kept: the disk of the receiver decides', () => {
  expect(plan('d', listing(1, ['d/A.txt', 1], ['d/a.txt', 2])).map(([path]) => path)).toEqual([
    'd/A.txt',
    'd/a.txt',
  ]);
});

test('a liar about the size does not become a holder of what others list', () => {
  const honest = [listing(1, ['d/a', 1]), listing(2, ['d/a', 1])];
  expect(plan('d', listing(3, ['d/a', 1, 0, 99]), ...honest)).toEqual([['d/a', 1, [1, 2]]]);
});

test.each(seeds(100))('one holder alone is no special case (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const rows = Array.from({ length: random.int(0, 12) }, (): Row => {
    const path = random.pick([
      'd/a',
      'd/A',
      'd/b.txt',
      'd/e/a',
      'd/\u00e9',
      'd/e\u0301',
      'd/z',
      'x/y',
      'd/a (2)',
    ]);
    return [path, random.int(1, 4), random.int(0, 3), random.int(10, 11)];
  });
  const one = listing(1, ...rows);
  // A peer without files changes nothing.
  expect(planFolder('d', [one])).toEqual(planFolder('d', [one, listing(2)]));
});

test('a file has the earliest time of the copies at its path, and the executable bit of that copy', () => {
  const one = listing(1, ['d/a', 1, 50], ['d/b', 1, 10]);
  const two = listing(2, ['d/a', 1, 30], ['d/c', 2, 20]);
  const dated = { ...two, files: two.files.map((file) => ({ ...file, executable: true as const })) };
  expect(planFolder('d', [one, dated]).files).toMatchObject([
    { path: 'd/a', modifiedMs: 30, executable: true },
    { path: 'd/b', modifiedMs: 10 },
    { path: 'd/c', modifiedMs: 20, executable: true },
  ]);
  expect(planFolder('d', [dated]).files).toMatchObject([
    { path: 'd/a', modifiedMs: 30, executable: true },
    {},
  ]);
});

test('folders are planned with the earliest time that a peer gives; one with content is no folder', () => {
  const folder = (path: string, modifiedMs: number) => ({
    path,
    size: 0,
    fileId: fileIdOf(0, []),
    modifiedMs,
  });
  const [one, two] = [listing(1, ['x/d/a', 1, 9]), listing(2, ['x/d/a', 1, 9], ['x/d/false/', 3])];
  one.files.push(folder('x/d/', 70), folder('x/d/empty/', 50));
  two.files.push(folder('x/d/empty/', 40));
  const found = (...listings: Listing[]) =>
    planFolder('x/d', listings).files.map(({ path, modifiedMs }) => [path, modifiedMs]);
  expect(found(one)).toEqual([
    ['d/', 70],
    ['d/a', 9],
    ['d/empty/', 50],
  ]);
  expect(found(one, two)).toEqual([
    ['d/', 70],
    ['d/a', 9],
    ['d/empty/', 40],
  ]);
});

test('a name that the disk of a holder changed is the original one, and no second file', () => {
  const portable = (path: string) => path.replaceAll('?', '_');
  const original = listing(1, ['d/a?b', 1], ['d/A.txt', 2], ['d/a.txt', 3]);
  const changed = listing(2, ['d/a_b', 1], ['d/A.txt', 2], ['d/a (2).txt', 3]);
  const paths = (...listings: Listing[]) => {
    const { files } = planFolder('d', listings, { portable });
    return files.map(({ path, holders }) => [path, holders.length]);
  };
  expect(paths(original, changed)).toEqual([
    ['d/A.txt', 2],
    ['d/a.txt', 2],
    ['d/a?b', 2],
  ]);
  expect(paths(changed, original)).toEqual(paths(original, changed));
  // Without the original nothing is known, and a peer that lists both names has two files.
  expect(paths(changed).map(([path]) => path)).toEqual(['d/A.txt', 'd/a (2).txt', 'd/a_b']);
  expect(paths(listing(3, ['d/a?b', 1], ['d/a_b', 1])).map(([path]) => path)).toEqual(['d/a?b', 'd/a_b']);
});

test('an older version under a changed name is a version of the original', () => {
  const portable = (path: string) => path.replaceAll('?', '_');
  const { files, versions } = planFolder('d', [listing(1, ['d/a?b', 1, 9]), listing(2, ['d/a_b', 2, 5])], {
    portable,
  });
  expect(files.map(({ path, fileId }) => [path, numberOf(fileId)])).toEqual([['d/a?b', 1]]);
  expect(versions).toMatchObject([{ path: 'd/a?b', taken: { modifiedMs: 9 }, others: [{ modifiedMs: 5 }] }]);
});

test.each(seeds(20))('lists in columns give the plan that arrays give (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const rows = [...Array(random.int(1, 40)).keys()].map(
    (index): Row => [`x/d/${String(index).padStart(3, '0')} ü`, random.int(0, 9), random.int(0, 9)],
  );
  const peers = [...Array(random.int(1, 3)).keys()];
  const listings = peers.map((number) =>
    listing(
      number,
      ...rows
        .filter(() => random.chance(0.97))
        .map(([path, content]): Row => [path, content, random.int(0, 99)]),
    ),
  );
  const columns = listings.map(({ holder, files }) => ({ holder, files: ListedFiles.of(files) }));
  expect(planFolder('x/d', columns)).toEqual(planFolder('x/d', shuffled(listings)));
});

/** The same listings in another order of files, which no fast path takes. */
function shuffled(listings: readonly Listing[]): Listing[] {
  return listings.map(({ holder, files }) => ({ holder, files: files.toReversed() }));
}

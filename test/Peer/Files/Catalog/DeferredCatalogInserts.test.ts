import { expect, test, vi } from 'vitest';
import { Catalog } from '../../../../Peer/Files/Catalog/Catalog.ts';
import { DeferredCatalogInserts } from '../../../../Peer/Files/Catalog/DeferredCatalogInserts.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';
import { sharedState } from '../../../Support/FileStates.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const state = sharedState({ size: 1, modifiedMs: 1 });
const HASH = 'a'.repeat(64) as ChunkHash;
const id = (n: number) => n.toString(16).padStart(64, '0') as FileId;

function desk() {
  const clock = new SimulatedClock();
  const catalog = new Catalog();
  const deferred = new DeferredCatalogInserts(clock, (file) => {
    catalog.put(file.path, file.state, file.fileId);
  });
  catalog.deferInserts(deferred);
  let next = 0;
  const add = (folder = '') =>
    deferred.add({ path: `${folder}f${next}`, state, fileId: id(next++), hash: HASH });
  return { clock, catalog, deferred, add };
}

test('files added one after the other are inserted once none was added for a while', () => {
  const { clock, catalog, add } = desk();
  for (let n = 0; n < 10; n++) {
    add();
    clock.advance(50);
  }
  expect(catalog.version).toBe(0);
  clock.advance(250);
  expect(catalog.version).toBe(10);
  expect(clock.pending).toBe(0);
});

test('no file is deferred for more than two seconds', () => {
  const { clock, catalog, add } = desk();
  for (let n = 0; n < 44; n++) {
    add();
    clock.advance(50);
  }
  expect(catalog.version).toBeGreaterThan(35);
});

test('thousands of files are inserted in slices', () => {
  const { clock, catalog, add } = desk();
  for (let n = 0; n < 3_000; n++) add();
  clock.advance(200);
  expect(catalog.version).toBe(500 + 500 * 5);
  const { clock: again, catalog: other, add: more } = desk();
  for (let n = 0; n < 3_000; n++) more();
  again.advance(101);
  expect(other.version).toBeLessThan(1_501);
});

test('at most 32,768 files are pending', () => {
  const { catalog, add } = desk();
  for (let n = 0; n < 100_000; n++) {
    add();
    if (n % 10_000 === 9_999) expect(n + 1 - catalog.version).toBe(Math.min(n + 1, 32_768));
  }
  expect(catalog.list('').length).toBe(100_000);
});

test('every lookup finds a pending file, by path, by content or in a list', () => {
  for (const [look, inserted] of [
    [(catalog: Catalog) => catalog.findPath('f1')?.fileId, 2],
    [(catalog: Catalog) => catalog.find(id(1))?.fileId, 1],
    [(catalog: Catalog) => catalog.list('')[1]?.fileId, 2],
    [(catalog: Catalog) => [...catalog.withWords(['f1'])][0]?.fileId, 2],
    [(catalog: Catalog) => (catalog.pathsOf(id(1))[0] === 'f1' ? id(1) : undefined), 1],
  ] as const) {
    const { catalog, add } = desk();
    add();
    add();
    expect(look(catalog)).toBe(id(1));
    expect(catalog.version).toBe(inserted);
  }
});

test('a lookup by content inserts the files with it, once, and leaves the others of their pages in order', () => {
  const { catalog, deferred, add } = desk();
  deferred.hold('new');
  for (let n = 0; n < 3_000; n++) add('new/');
  deferred.add({ path: 'other', state, fileId: id(1_500), hash: HASH });
  deferred.rename('new', 'done');
  const found = [0, 1_023, 1_024, 2_047, 2_048, 2_999];
  for (const n of found) expect(catalog.find(id(n))?.path).toBe(`done/f${n}`);
  expect(catalog.pathsOf(id(1_500)).toSorted()).toEqual(['done/f1500', 'other']);
  expect(catalog.find(id(3_000))).toBeUndefined();
  expect([catalog.version, deferred.pending]).toEqual([8, { files: 2_993, bytes: 2_993 }]);
  deferred.flushAt('');
  expect([catalog.list('').length, deferred.pending.files]).toEqual([3_001, 0]);
});

test('a lookup of a content of many files passes the pending ones once', () => {
  const { catalog, deferred } = desk();
  deferred.hold('new');
  for (let n = 0; n < 2_000; n++)
    deferred.add({ path: `new/${n}`, state, fileId: id(n % 2 === 0 ? 0 : n), hash: HASH });
  const compared = vi.spyOn(Buffer.prototype, 'compare');
  expect(catalog.pathsOf(id(0)).length).toBe(1_000);
  // One comparison a file, and those of the catalog; 500,000 when each begins with the first one.
  expect(compared.mock.calls.length).toBeLessThan(10_000);
  compared.mockRestore();
});

test('a content that no pending file has is compared with none, also when all but its last digit are those of many', () => {
  const { catalog, deferred } = desk();
  deferred.hold('new');
  for (let n = 0; n < 100; n++) deferred.add({ path: `new/${n}`, state, fileId: id(0), hash: HASH });
  const compared = vi.spyOn(Buffer.prototype, 'compare');
  for (let n = 1; n < 16; n++) expect(catalog.find(id(n))).toBeUndefined();
  expect(compared.mock.calls.length).toBe(0);
  compared.mockRestore();
});

test('a lookup inserts nothing when no pending file has that content', () => {
  const { catalog, add } = desk();
  add();
  const other = 'f'.repeat(64) as FileId;
  expect([catalog.find(other), catalog.pathsOf(other)]).toEqual([undefined, []]);
  expect(catalog.version).toBe(0);
});

test('a lookup of a folder inserts none of the files below it', () => {
  const { catalog, deferred, add } = desk();
  deferred.hold('films');
  add('films/');
  add();
  for (const folder of ['', 'films']) expect(catalog.findPath(folder)).toBeUndefined();
  expect(catalog.version).toBe(1);
  expect(catalog.findPath('films/f0')?.fileId).toBe(id(0));
});

test('a list inserts 32,768 files at most, and the others follow in slices, those of an incomplete folder too', () => {
  const { clock, catalog, deferred, add } = desk();
  deferred.hold('new');
  for (let n = 0; n < 36_384; n++) add('new/');
  expect(catalog.list('').length).toBe(32_768);
  clock.advance(101);
  expect(deferred.pending.files).toBeGreaterThan(2_000);
  clock.advance(50);
  expect(deferred.pending.files).toBe(0);
});

test('close inserts all pending files, however many', () => {
  const { catalog, deferred, add } = desk();
  deferred.hold('new');
  for (let n = 0; n < 20_000; n++) add('new/');
  deferred.close();
  expect(catalog.version).toBe(20_000);
});

test('a version covers exactly the files inserted by then', () => {
  const { catalog, deferred, add } = desk();
  add();
  expect([catalog.files, catalog.entries().length, catalog.changesSince(0)?.length]).toEqual([0, 0, 0]);
  deferred.flush();
  expect([catalog.files, catalog.entries().length, catalog.changesSince(0)?.length]).toEqual([1, 1, 1]);
});

test('close inserts the pending files and sets no timer', () => {
  const { clock, catalog, deferred, add } = desk();
  add();
  deferred.close();
  expect(catalog.version).toBe(1);
  expect(clock.pending).toBe(0);
});

test('files below a renamed folder are inserted under their new paths, and only there', () => {
  const { catalog, deferred } = desk();
  for (const [n, path] of ['new/a', 'new/sub/b', 'newer', 'other/new/c'].entries())
    deferred.add({ path, state, fileId: id(n), hash: HASH });
  deferred.rename('new', 'old');
  deferred.add({ path: 'new/later', state, fileId: id(4), hash: HASH });
  const paths = catalog.list('').map(({ path }) => path);
  expect(paths).toEqual(['new/later', 'newer', 'old/a', 'old/sub/b', 'other/new/c']);
  expect(catalog.version).toBe(5);
});

test('files of an incomplete folder are inserted once, under its final name; other files do not wait for them', () => {
  const { clock, catalog, deferred, add } = desk();
  deferred.hold('new (incomplete)');
  add('new (incomplete)/');
  add('new (incomplete) too/');
  clock.advance(59_000);
  expect([catalog.version, deferred.pending]).toEqual([1, { files: 1, bytes: 1 }]);
  deferred.rename('new (incomplete)', 'new');
  clock.advance(200);
  expect(catalog.version).toBe(2);
  expect(catalog.list('').map(({ path }) => path)).toEqual(['new (incomplete) too/f1', 'new/f0']);
  expect([deferred.pending.files, clock.pending]).toEqual([0, 0]);
});

test('files of a folder that is incomplete for long are inserted after a minute', () => {
  const { clock, catalog, deferred, add } = desk();
  deferred.hold('new');
  add('new/');
  clock.advance(59_900);
  expect(catalog.version).toBe(0);
  clock.advance(200);
  expect(catalog.version).toBe(1);
});

test('files of a folder that stays incomplete are inserted soon', () => {
  const { clock, catalog, deferred, add } = desk();
  deferred.hold('new');
  add('new/');
  deferred.release('new');
  clock.advance(200);
  expect(catalog.version).toBe(1);
});

test('only the files that may lie at a path are inserted for it', () => {
  for (const [path, inserted] of [
    ['new', 1],
    ['new/f0', 1],
    ['', 1],
    ['old', 0],
    ['newer', 0],
  ] as const) {
    const { catalog, deferred, add } = desk();
    deferred.hold('new');
    add('new/');
    deferred.flushAt(path);
    expect(catalog.version, path).toBe(inserted);
  }
});

test('at most 262,144 files of an incomplete folder are pending', () => {
  const { catalog, deferred, add } = desk();
  deferred.hold('new');
  for (let n = 0; n < 262_244; n++) add('new/');
  expect([catalog.version, deferred.pending.files]).toEqual([100, 262_144]);
});

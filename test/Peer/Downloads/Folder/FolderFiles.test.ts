import { describe, expect, test } from 'vitest';
import { BundleUnits } from '../../../../Peer/Downloads/Folder/BundleUnits.ts';
import { FolderFiles, STATE } from '../../../../Peer/Downloads/Folder/FolderFiles.ts';
import { FolderTable } from '../../../../Peer/Downloads/Folder/FolderTable.ts';
import { UnitHolders } from '../../../../Peer/Downloads/Folder/UnitHolders.ts';
import type { FileHolder } from '../../../../Peer/Model.ts';
import type { FolderFile } from '../../../../Peer/Storage.ts';
import { fileIdOf } from '../../../../Protocol/FileId.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { fileIdNumber } from '../Desk.ts';

const HOLDERS = ['a', 'b', 'c'].map(
  (name): FileHolder => ({
    peerId: name.repeat(64) as PeerId,
    name,
    address: { host: '127.0.0.1', port: 1 },
    complete: true,
  }),
);
const [A, B] = HOLDERS.map(({ peerId }) => peerId) as [PeerId, PeerId];

function randomFiles(random: SeededRandom, count: number): FolderFile[] {
  return Array.from({ length: count }, (_, number) => ({
    fileId: random.bytes(32).toString('hex') as FileId,
    size: random.int(0, 2 ** 40),
    path: `d/${random.pick(['plain', 'ümläut', '日本', '🐟'])} ${number}`,
    holders: HOLDERS.filter(() => random.chance(0.5)),
    modifiedMs: random.chance(0.2) ? undefined : random.int(0, 2 ** 41),
    ...(random.chance(0.3) && { executable: true }),
  }));
}

function folderFiles(files: Iterable<FolderFile>, incomplete?: string): FolderFiles {
  return new FolderFiles(files, incomplete, new SeededRandom(1).next);
}

function small(count: number, size: number, holders: (index: number) => FileHolder[]): FolderFile[] {
  return Array.from({ length: count }, (_, index) => {
    return { fileId: fileIdNumber(index), size, path: `d/${index}`, holders: holders(index) };
  });
}

describe('a table of files', () => {
  test.each(seeds(5))('gives back what was put in, over several pages (seed %i)', (seed) => {
    const files = randomFiles(new SeededRandom(seed), 9_000);
    const table = FolderTable.of(files);
    expect(table.length).toBe(9_000);
    expect(table.sizeMax).toBe(Math.max(...files.map(({ size }) => size)));
    expect([...table]).toEqual(files);
    expect(FolderTable.of(table)).toBe(table);
  });

  test('tells 65,535 sets of holders apart; files with further ones have none, and are located', () => {
    const holderOf = (index: number) => ({
      ...(HOLDERS[0] as FileHolder),
      peerId: index.toString(16).padStart(64, '0') as PeerId,
    });
    const table = FolderTable.of(small(65_537, 1, (index) => [holderOf(index)]));
    for (const row of [0, 1, 65_534]) expect(table.holdersOf(row)).toEqual([holderOf(row)]);
    expect([65_535, 65_536].map((row) => table.holdersOf(row))).toEqual([[], []]);
  });

  test('has no rows and no memory after it was released', () => {
    const files = new FolderFiles(
      small(5_000, 3, () => []),
      undefined,
      () => 0.5,
    );
    expect(files.find(fileIdNumber(4_999))).toBe(4_999);
    const table = FolderTable.of(small(5_000, 3, () => []));
    const words = table.idWords(0);
    table.release();
    expect([table.length, [...table], words.length]).toEqual([0, [], 0]);
    files.release();
    expect([files.find(fileIdNumber(4_999)), [...files.folders()]]).toEqual([undefined, []]);
    expect([files.count, files.size]).toEqual([5_000, 15_000]);
  });

  test('takes paths of any length', () => {
    const files = small(5_000, 1, () => []).map((file) => ({ ...file, path: `d/${'é'.repeat(1_000)}` }));
    expect([...FolderTable.of(files)]).toEqual(files);
  });
});

test.each(seeds(5))('contents are found by id, equal ones once, with all their paths (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const files = randomFiles(random, 300);
  const all = Array.from({ length: 1_000 }, (_, index) => ({ ...random.pick(files), path: `d/${index}` }));
  const folder = folderFiles(all);
  const byId = new Map<FileId, FolderFile[]>();
  for (const file of all) byId.set(file.fileId, [...(byId.get(file.fileId) ?? []), file]);
  expect(folder.count).toBe(1_000);
  expect([...folder.contents()]).toHaveLength(byId.size);
  for (const [fileId, same] of byId) {
    const row = folder.find(fileId) ?? -1;
    const paths = [...folder.rowsOf(row)].map((each) => folder.pathOf(each));
    expect(paths[0]).toBe(same[0]?.path);
    expect(new Set(paths)).toEqual(new Set(same.map(({ path }) => path)));
    expect(folder.hasTwins(row)).toBe(same.length > 1);
  }
  expect(folder.find(fileIdNumber(7))).toBeUndefined();
  expect([...folder.paths()].toSorted()).toEqual(all.map(({ path }) => path).toSorted());
});

test('an incomplete folder has its name in the place of the first folder; folders are no contents', () => {
  const empty = fileIdOf(0, []);
  const folder = folderFiles(
    [
      { fileId: empty, size: 0, path: 'd/sub/', holders: [], modifiedMs: 5 },
      { fileId: fileIdNumber(1), size: 3, path: 'd/a$&', holders: [] },
      { fileId: empty, size: 0, path: 'd/empty', holders: [] },
      { fileId: fileIdNumber(2), size: 0, path: 'd/falsely empty', holders: [] },
    ],
    'd (incomplete) $1',
  );
  expect([...folder.contents()].map((row) => folder.pathOf(row))).toEqual([
    'd (incomplete) $1/a$&',
    'd (incomplete) $1/empty',
    'd (incomplete) $1/falsely empty',
  ]);
  expect([...folder.contents()].map((row) => folder.kindOf(row))).toEqual(['small', 'empty', 'large']);
  expect([...folder.folders()]).toMatchObject([{ path: 'd (incomplete) $1/sub/', modifiedMs: 5 }]);
  expect(folder.count).toBe(3);
});

test('a holder that is found later is added to the holders of the file', () => {
  const folder = folderFiles(small(2, 1, () => HOLDERS.slice(0, 1)));
  for (const holder of [...HOLDERS.slice(0, 2), ...HOLDERS.slice(0, 2)]) folder.addHolder(1, holder);
  expect(folder.holdersOf(1).map(({ name }) => name)).toEqual(['a', 'b']);
  expect(folder.fileAt(1).holders).toHaveLength(2);
  expect([...folder.foundRows]).toEqual([1]);
});

describe('bundles', () => {
  test.each(seeds(10))(
    'hold every file once, within their bounds, of one set of holders (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed);
      const scale = random.pick([100, 5_000, 1_000_000]);
      const files = small(random.int(1, 2_000), 1, () => HOLDERS.filter(() => random.chance(0.8)));
      const folder = folderFiles(files.map((file) => ({ ...file, size: random.int(1, scale) })));
      const rows = [...folder.contents()];
      const units = new BundleUnits(folder, rows);
      const seen: number[] = [];
      for (let unit = 0; unit < units.count; unit++) {
        const inside = units.rowsOf(unit);
        expect(inside.length).toBeGreaterThan(0);
        expect(inside.length).toBeLessThanOrEqual(BUNDLE_FILES_MAX);
        expect(units.bytesOf(unit)).toBeLessThanOrEqual(Math.min(units.bytesMax, BUNDLE_BYTES_MAX));
        expect(new Set(inside.map((row) => folder.setOf(row))).size).toBe(1);
        for (const row of inside) expect(units.unitOf(row)).toBe(unit);
        seen.push(...inside);
      }
      expect(seen.toSorted((one, two) => one - two)).toEqual(rows);
    },
  );

  test('a file of one mebibyte fills a bundle; verified and failed files are not requested again', () => {
    const folder = folderFiles(small(2, 2 ** 20, () => []));
    const units = new BundleUnits(folder, [0, 1]);
    expect([units.count, units.bytesMax]).toEqual([2, 2 ** 20 + 1]);
    const many = new BundleUnits(folderFiles(small(3, 10, () => [])), [0, 1, 2]);
    expect([many.count, many.bytesOf(0)]).toEqual([1, 33]);
    folder.setState(0, STATE.verified);
    folder.setState(1, STATE.failed);
    expect([units.isWhole(0), units.isWhole(1), units.bytesOf(0)]).toEqual([true, true, 0]);
    expect(units.unitOf(5)).toBeUndefined();
  });
});

test('a refusal counts until it is forgiven', () => {
  const holders = new UnitHolders(3);
  expect([holders.add(A, 1), holders.add(A, 1), holders.add(B, 1)]).toEqual([true, false, true]);
  const have = holders.haveOf(A);
  holders.refuse(A, 1);
  expect([have.has(1), holders.hasHolder(1), holders.add(A, 1)]).toEqual([false, true, false]);
  holders.refuse(B, 1);
  expect(holders.hasHolder(1)).toBe(false);
  holders.forgive(1);
  expect([have.has(1), holders.haveOf(B).has(1), holders.haveOf(B).has(2)]).toEqual([true, true, false]);
});

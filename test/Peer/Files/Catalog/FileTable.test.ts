import { expect, test } from 'vitest';
import { FileTable, REMEMBERED, SHARED } from '../../../../Peer/Files/Catalog/FileTable.ts';
import { type FileState, fileState, sameState } from '../../../../Peer/Files/Disk/FileState.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

const id = (n: number) => n.toString(16).padStart(64, '0') as FileId;

function stateOf(
  inode: number,
  fields: { size?: number; mtime?: number; ctime?: number; dev?: number } = {},
) {
  const { size = 1, mtime = 1_000_000, ctime = 2_000_000, dev = 1 } = fields;
  return fileState({
    mode: inode % 2 === 0 ? 0o755n : 0o644n,
    dev: BigInt(dev),
    ino: BigInt(inode),
    size: BigInt(size),
    mtimeNs: BigInt(mtime),
    ctimeNs: BigInt(ctime),
  });
}

test.each(seeds(30))(
  'behaves like a map of paths to state and content while it grows and shrinks (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const table = new FileTable();
    const model = new Map<string, { state: FileState; fileId: FileId }>();
    for (let step = 0; step < 400; step++) {
      const path = `folder ${random.int(0, 3)}/ü ${random.int(0, 30)}`;
      if (random.chance(0.7)) {
        const state = stateOf(random.int(0, 9), { mtime: random.int(0, 2), dev: random.int(1, 3) });
        const fileId = id(random.int(0, 5));
        table.mark(table.put(path, state, fileId), SHARED);
        model.set(path, { state, fileId });
      } else {
        const row = table.rowOf(path);
        expect(row === undefined).toBe(!model.has(path));
        if (row !== undefined) table.remove(row);
        model.delete(path);
      }
    }
    for (const [path, { state, fileId }] of model) {
      const row = table.rowOf(path) ?? -1;
      expect(table.path(row)).toBe(path);
      expect(table.state(row)).toEqual(state);
      expect(table.fileId(row)).toBe(fileId);
      expect(table.isSame(row, state)).toBe(true);
      const found = table.withContentOf(state) ?? -1;
      expect(table.state(found)).toMatchObject({ inode: state.inode, mtimeNs: state.mtimeNs });
    }
    for (let n = 0; n <= 5; n++) {
      const paths = Array.from(table.withId(id(n)), (row) => table.path(row));
      const expected = [...model].filter(([, { fileId }]) => fileId === id(n)).map(([path]) => path);
      expect(paths.sort()).toEqual(expected.sort());
    }
    expect(table.countOf(SHARED)).toBe(model.size);
  },
);

test('a state is the same when inode, size, both times and the device are', () => {
  const table = new FileTable();
  const row = table.put('a', stateOf(3), id(1));
  const others = [
    stateOf(4),
    stateOf(3, { size: 2 }),
    stateOf(3, { mtime: 5 }),
    stateOf(3, { ctime: 5 }),
    stateOf(3, { dev: 2 }),
  ];
  expect(others.map((state) => table.isSame(row, state))).toEqual(others.map(() => false));
  expect(others.map((state) => table.isSameAsBefore(row, state))).toEqual([false, false, false, false, true]);
});

test('numbers of 64 bits keep all bits: inodes of network disks, times before 1970', () => {
  const table = new FileTable();
  const state = fileState({
    dev: 2n ** 40n,
    ino: 2n ** 64n - 1n,
    size: 5n,
    mtimeNs: -1_500_000n,
    ctimeNs: 1n,
  });
  const row = table.put('a', state, id(1));
  expect(table.state(row)).toEqual(state);
  expect(table.isSame(row, state)).toBe(true);
  expect(table.withContentOf(state)).toBe(row);
});

test('content is found under the path that was put last; marks distinguish shared rows from remembered ones', () => {
  const table = new FileTable();
  const [one, two] = [table.put('one', stateOf(7), id(1)), table.put('two', stateOf(7), id(1))];
  expect(table.withContentOf(stateOf(7))).toBe(two);
  table.put('one', stateOf(7, { ctime: 9 }), id(1));
  expect(table.withContentOf(stateOf(7))).toBe(one);
  table.mark(one, SHARED);
  table.mark(two, REMEMBERED);
  expect([...table.withId(id(1))]).toEqual([one]);
  table.unmark(one, SHARED);
  expect([...table.withId(id(1))]).toEqual([]);
});

test('a removed row is used again, with no mark of the former file', () => {
  const table = new FileTable();
  const row = table.put('a', stateOf(2), id(1));
  table.mark(row, SHARED | REMEMBERED);
  table.remove(row);
  expect([table.rowOf('a'), table.path(row), [...table.withId(id(1))]]).toEqual([undefined, '', []]);
  expect(table.put('b', stateOf(3), id(2))).toBe(row);
  expect([table.has(row, SHARED), table.has(row, REMEMBERED), table.end]).toEqual([false, false, 1]);
  expect(table.entry(row)).toEqual({ path: 'b', size: 1, modifiedMs: 1, fileId: id(2) });
});

test('shared rows are found by a prefix of their content id', () => {
  const table = new FileTable();
  const ids = ['0123456789', '0123456700', '0123456f00', 'f123456789'].map((start) => start.padEnd(64, '0'));
  for (const [n, fileId] of ids.entries()) {
    const row = table.put(`${n}`, stateOf(n), fileId as FileId);
    if (n !== 1) table.mark(row, SHARED);
  }
  const found = (digits: string) => Array.from(table.withIdStart(digits), (row) => table.path(row)).sort();
  expect(found('01234567')).toEqual(['0']);
  expect(found('0123456f')).toEqual(['2']);
  expect(found('012345678a')).toEqual([]);
  expect(found('f1234567')).toEqual(['3']);
  for (let n = 10; n < 5_000; n++) table.put(`${n}`, stateOf(n), id(n)); // The chains are rebuilt.
  expect(found('0123456789')).toEqual(['0']);
});

test('a row takes another device, ctime and mode for the same content', () => {
  const table = new FileTable();
  const row = table.put('a', stateOf(3), id(1));
  const state = { ...stateOf(3, { ctime: 9, dev: 2 }), executable: true as const };
  table.restate(row, state);
  expect(table.state(row)).toEqual(state);
  expect([table.fileId(row), table.withContentOf(state)]).toEqual([id(1), row]);
});

test.each([
  ['1600-01-01', -11_676_096_000],
  ['2400-01-01', 13_569_465_600],
])(
  'a file of %s, beyond 64 bits of nanoseconds, is the same file when it is looked at again',
  (_, seconds) => {
    const onDisk = () => stateOf(1, { mtime: seconds * 1e9, ctime: seconds * 1e9 });
    const table = new FileTable();
    const row = table.put('x', onDisk(), id(1));
    expect(sameState(table.state(row), onDisk())).toBe(true);
    expect(table.isSame(row, onDisk())).toBe(true);
  },
);

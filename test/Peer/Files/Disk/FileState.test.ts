import { expect, test } from 'vitest';
import { fileState, isInState, sameState } from '../../../../Peer/Files/Disk/FileState.ts';

const STATS = { dev: 1n, ino: 2n, size: 3n, mtimeNs: 4_000_000_123n, ctimeNs: 5_000_000_456n };

test.each([
  ['nothing', {}, true],
  ['the permissions', { mode: 0o100_755n }, true],
  ['the device', { dev: 2n }, false],
  ['the inode', { ino: 3n }, false],
  ['the size', { size: 4n }, false],
  ['the mtime by a nanosecond', { mtimeNs: 4_000_000_124n }, false],
  ['the ctime by a nanosecond', { ctimeNs: 5_000_000_457n }, false],
  ['the mtime beyond what is kept', { mtimeNs: 2n ** 70n }, false],
])(
  'a file of which %s changed: is it in its former state? The same by both comparisons',
  (_, change, same) => {
    const before = fileState(STATS);
    const now = { ...STATS, ...change };
    expect([isInState(now, before), sameState(fileState(now), before)]).toEqual([same, same]);
    expect(isInState(now, fileState(now))).toBe(true);
  },
);

test('only an executable file has that mark; the later time counts as touched', () => {
  expect(fileState({ ...STATS, mode: 0o100_644n })).toEqual({
    size: 3,
    modifiedMs: 4_000,
    touchedMs: 5_000,
    device: '1',
    inode: 2n,
    mtimeNs: 4_000_000_123n,
    ctimeNs: 5_000_000_456n,
  });
  expect(fileState({ ...STATS, mode: 0o100_700n }).executable).toBe(true);
  expect(fileState({ ...STATS, mtimeNs: 9_000_000_000n }).touchedMs).toBe(9_000);
});

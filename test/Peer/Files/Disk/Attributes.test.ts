import { chmodSync, closeSync, lstatSync, openSync, utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import { setAttributes } from '../../../../Peer/Files/Disk/Attributes.ts';
import { attributesLost, fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { nodeDisk } from '../../../../Peer/Files/Disk/NodeDisk.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const stateAt = (path: string) => fileState(lstatSync(path, { bigint: true }));

test('a time is stored and read to the millisecond', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('a');
  const created = nodeDisk.createWhole(path, Buffer.from('x'), { modifiedMs: 4_321 });
  expect(created).toEqual(stateAt(path));
  expect(created).toMatchObject({ modifiedMs: 4_321 });
  const fd = openSync(path, 'r');
  const random = new SeededRandom(3);
  const times = [0, 1, 999, 1_000, ...Array.from({ length: 500 }, () => random.int(0, 4_000_000_000_000))];
  for (const modifiedMs of times) {
    setAttributes(fd, { modifiedMs });
    expect(stateAt(path).modifiedMs).toBe(modifiedMs);
  }
  closeSync(fd);
});

test('the executable bit is set for the owner only, and cleared for everybody', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('run');
  nodeDisk.createWhole(path, Buffer.from('x'), { modifiedMs: 5, executable: true });
  expect(lstatSync(path).mode & 0o111).toBe(0o100);
  expect(stateAt(path)).toMatchObject({ modifiedMs: 5, executable: true });
  chmodSync(path, 0o4755);
  const file = nodeDisk.open(path);
  file.setAttributes({ modifiedMs: 7 });
  file.close();
  expect(lstatSync(path).mode & 0o111).toBe(0);
  expect(stateAt(path).executable).toBeUndefined();
});

test('unknown attributes leave a file as it is', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('run');
  nodeDisk.createWhole(path, Buffer.from('x'));
  chmodSync(path, 0o755);
  utimesSync(path, 100, 100);
  const file = nodeDisk.open(path);
  file.setAttributes({});
  file.close();
  expect(stateAt(path)).toMatchObject({ modifiedMs: 100_000, executable: true });
});

test('a copy has the wanted attributes, not those of its original', async () => {
  const folder = await TempFolder.forTest();
  nodeDisk.createWhole(folder.at('a'), Buffer.from('x'), { modifiedMs: 5_000, executable: true });
  await nodeDisk.copy(folder.at('a'), folder.at('b'), { modifiedMs: 9_000 });
  expect(stateAt(folder.at('b'))).toMatchObject({ modifiedMs: 9_000 });
  expect(stateAt(folder.at('b')).executable).toBeUndefined();
});

test('a time out of range neither fails nor is read as a number that no message carries', async () => {
  const folder = await TempFolder.forTest();
  nodeDisk.createWhole(folder.at('a'), Buffer.from('x'), { modifiedMs: Number.MAX_SAFE_INTEGER });
  expect(stateAt(folder.at('a')).modifiedMs).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  const { modifiedMs } = fileState({ dev: 1n, ino: 1n, size: 1n, mtimeNs: 10n ** 24n, ctimeNs: 1n });
  expect(modifiedMs).toBe(9_223_372_036_854); // 64 bits of nanoseconds.
});

test('a file system without times or bits is reported, one with the coarse times of FAT is not', () => {
  const state = fileState({
    mode: 0o644n,
    dev: 1n,
    ino: 1n,
    size: 1n,
    mtimeNs: 10_000_000_000n,
    ctimeNs: 1n,
  });
  expect(attributesLost({ modifiedMs: 11_999 }, state)).toBeUndefined();
  expect(attributesLost({ modifiedMs: 12_001 }, state)).toBe('the modification time');
  expect(attributesLost({ modifiedMs: 10_000, executable: true }, state)).toBe('the executable bit');
  expect(attributesLost({}, state)).toBeUndefined();
});

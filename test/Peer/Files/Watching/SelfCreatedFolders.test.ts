import { expect, test } from 'vitest';
import type { WatchEvents, WatchFolder } from '../../../../Peer/Files/Watching/FolderWatcher.ts';
import { SelfCreatedFolders } from '../../../../Peer/Files/Watching/SelfCreatedFolders.ts';
import { fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';
import { eventually, pathsOf, startManager } from '../manager.ts';

function desk(known: readonly string[] = [], isBusy = () => false) {
  const clock = new SimulatedClock();
  const looked: string[] = [];
  const own = new SelfCreatedFolders(clock, (path) => looked.push(path), isBusy);
  const make = (path: string) => own.created(path, (folder) => known.includes(folder));
  return { clock, looked, own, make };
}

test('self-created folders are scanned once, when no more appear, subfolders with their parent', () => {
  const { clock, looked, own, make } = desk();
  for (let n = 0; n < 4; n++) {
    make(`tree/d${n}`);
    expect(own.appeared(`tree/d${n}`)).toBe(true);
    if (n === 0) expect(own.appeared('tree')).toBe(true);
    clock.advance(600);
  }
  expect(looked).toEqual([]);
  clock.advance(1_000);
  expect(looked).toEqual(['tree']);
  clock.advance(60_000);
  expect(looked).toEqual(['tree']);
});

test('the scan waits while folders are being filled, for a minute at most', () => {
  let isBusy = true;
  const { clock, looked, own, make } = desk([], () => isBusy);
  make('tree');
  own.appeared('tree');
  clock.advance(30_000);
  expect(looked).toEqual([]);
  isBusy = false;
  clock.advance(2_000);
  expect(looked).toEqual(['tree']);
  isBusy = true;
  make('late');
  own.appeared('late');
  clock.advance(60_000);
  expect(looked).toEqual(['tree', 'late']);
});

test('the scan waits for folders that are not reported yet: otherwise each would be scanned twice', () => {
  const { clock, looked, own, make } = desk();
  make('tree/a');
  own.appeared('tree');
  clock.advance(2_500);
  expect(looked).toEqual([]);
  expect(own.appeared('tree/a')).toBe(true);
  clock.advance(1_500);
  expect(looked).toEqual(['tree']);
  make('lost/a');
  own.appeared('lost');
  clock.advance(4_900);
  expect(looked).toEqual(['tree']);
  clock.advance(1_500);
  expect(looked).toEqual(['tree', 'lost']);
});

test('a folder does not contain one whose name has it as a prefix', () => {
  const { clock, looked, own, make } = desk();
  for (const path of ['tree', 'tree2']) {
    make(path);
    own.appeared(path);
  }
  clock.advance(1_000);
  expect(looked).toEqual(['tree', 'tree2']);
});

test('a folder that existed before, or is reported twice or late, is scanned like any other', () => {
  const { clock, own, make } = desk(['music']);
  make('music/jazz');
  expect(own.appeared('music')).toBe(false);
  expect(own.appeared('music/jazz')).toBe(true);
  expect(own.appeared('music/jazz')).toBe(false);
  make('music/folk');
  clock.advance(4_999);
  expect(own.has('music/folk')).toBe(true);
  clock.advance(1);
  // Too late to be the event of its creation.
  expect(own.has('music/folk')).toBe(false);
  expect(own.appeared('music/folk')).toBe(false);
});

test('an endless stream of folders does not defer the scan forever', () => {
  const { clock, looked, own, make } = desk();
  for (let n = 0; n < 100; n++) {
    make(`d${n}`);
    own.appeared(`d${n}`);
    if (n === 50) expect(looked).toEqual([]);
    clock.advance(900);
  }
  expect(looked).toContain('d0');
  expect(looked).toContain('d60');
  expect(looked).not.toContain('d99');
});

test('folders that no watch reports, as without watches, are dropped after 5 s', () => {
  const { clock, own, make } = desk();
  for (let n = 0; n < 100; n++) {
    make(`tree/d${n}`);
    clock.advance(1_000);
  }
  expect(own.size).toBeLessThan(10);
});

test('folders below one that is renamed are known under their new paths only', () => {
  const { clock, looked, own, make } = desk();
  for (const path of ['new/a', 'new/b', 'newer']) make(path);
  own.appeared('new/a');
  own.renamed('new', 'old');
  expect(['old', 'old/a', 'old/b', 'newer'].map((path) => own.appeared(path))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([own.has('new/a'), own.has('new/b')]).toEqual([false, false]);
  clock.advance(1_000);
  expect(looked).toEqual(['old', 'newer']);
});

test('closed, it scans no more', () => {
  const { clock, looked, own, make } = desk();
  make('tree');
  own.appeared('tree');
  own.close();
  clock.advance(60_000);
  expect(looked).toEqual([]);
});

test('in a running share, a file that another program adds to a self-created folder before it is watched is found', async () => {
  const folder = await TempFolder.forTest();
  let told: WatchEvents | undefined;
  const watch: WatchFolder = (_, events) => {
    told = events;
    return { ready: Promise.resolve(), close: async () => {} };
  };
  const { manager } = await startManager(folder, { seams: { watch } });
  const content = Buffer.from('one');
  const fileId = fileIdOf(content.length, [hashBytes(content)]);
  const installer = manager.openInstaller(['tree/new/one'], { installed: () => {}, failed: () => {} });
  await installer.install(content, [
    { row: 0, fileId, size: content.length, path: 'tree/new/one', offset: 0 },
  ]);
  expect(pathsOf(manager)).toEqual(['tree/new/one']);
  expect(['tree', 'tree/new', 'other'].map((path) => told?.isSelfCreated(path))).toEqual([true, true, false]);

  await folder.write('share/tree/new/strange', 'x');
  told?.folderChanged('tree');
  told?.folderChanged('tree/new');
  await eventually(() => expect(pathsOf(manager)).toEqual(['tree/new/one', 'tree/new/strange']));
  expect(told?.isSelfCreated('tree')).toBe(false);
  await installer.close();
});

import { expect, test } from 'vitest';
import { DiskNames } from '../../../../Peer/Files/Disk/DiskNames.ts';
import {
  finishFolders,
  installFile,
  installFolder,
  installWhole,
} from '../../../../Peer/Files/Disk/InstallFile.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';

const TEMP = '/share/Temp/x.new';
const MINE = Buffer.from('mine');

function shareOn(links = true) {
  const disk = new MemoryDisk({ random: new SeededRandom(1), links });
  for (const folder of ['/share', '/share/Temp']) disk.putFolder(folder);
  return disk;
}

/** Lets the next call of one operation fail. */
function failNext(
  disk: MemoryDisk,
  operation: 'link' | 'rename' | 'makeFolder',
  code: string,
  then = () => {},
) {
  const original = disk[operation].bind(disk) as () => void;
  const fail = () => {
    Object.assign(disk, { [operation]: original });
    then();
    throw Object.assign(new Error(code), { code });
  };
  Object.assign(disk, { [operation]: fail });
}

test.each([true, false])('a taken name is never replaced (links: %s)', (links) => {
  const disk = shareOn(links);
  disk.createWhole('/share/a', MINE);
  disk.createWhole(TEMP, Buffer.from('new'));
  expect(installFile(disk, '/share', TEMP, 'a')).toEqual({ path: 'a (2)', absolute: '/share/a (2)' });
  expect(disk.peek('/share/a')?.toString()).toBe('mine');
  expect(disk.kindOf(TEMP)).toBeUndefined();
});

test('after ten thousand taken names the install fails with a hint', () => {
  const disk = shareOn();
  disk.createWhole(TEMP, Buffer.from('new'));
  let tried = 0;
  disk.link = () => {
    tried++;
    throw Object.assign(new Error('EEXIST'), { code: 'EEXIST' });
  };
  disk.stateOf = () => undefined;
  expect(() => installFile(disk, '/share', TEMP, 'a')).toThrow(
    expect.objectContaining({ code: 'LOCAL_CONFLICT', message: 'every name like "a" is taken' }),
  );
  expect(tried).toBe(10_000);
});

test('after ten thousand taken folder names too', () => {
  const disk = shareOn();
  disk.createWhole(TEMP, Buffer.from('new'));
  disk.kindOf = () => 'file';
  expect(() => installFile(disk, '/share', TEMP, 'd/a')).toThrow(
    expect.objectContaining({ code: 'LOCAL_CONFLICT', message: 'every folder name like "d" is taken' }),
  );
});

test('a file that vanished from Temp is PART_FILE_GONE; another failure is DISK_FAILED', () => {
  const disk = shareOn();
  expect(() => installFile(disk, '/share', TEMP, 'a')).toThrow(
    expect.objectContaining({ code: 'PART_FILE_GONE' }),
  );
  disk.createWhole(TEMP, Buffer.from('new'));
  failNext(disk, 'link', 'EIO');
  expect(() => installFile(disk, '/share', TEMP, 'a')).toThrow(
    expect.objectContaining({
      code: 'DISK_FAILED',
      message: 'putting "a" into the share folder failed (EIO)',
    }),
  );
});

test('without hard links, a failed rename leaves no empty file behind', () => {
  const disk = shareOn(false);
  disk.createWhole(TEMP, Buffer.from('new'));
  failNext(disk, 'rename', 'EIO');
  expect(() => installFile(disk, '/share', TEMP, 'a')).toThrow(
    expect.objectContaining({ code: 'DISK_FAILED' }),
  );
  expect(disk.kindOf('/share/a')).toBeUndefined();
  expect(disk.peek(TEMP)?.toString()).toBe('new');
});

test('a folder that another program creates at the same moment is used; a link in its place is not', () => {
  const disk = shareOn();
  disk.createWhole(TEMP, Buffer.from('new'));
  failNext(disk, 'makeFolder', 'EEXIST', () => disk.putFolder('/share/d'));
  expect(installFile(disk, '/share', TEMP, 'd/a').path).toBe('d/a');
  disk.createWhole(TEMP, Buffer.from('new'));
  failNext(disk, 'makeFolder', 'EEXIST', () => disk.putLink('/share/e'));
  expect(installFile(disk, '/share', TEMP, 'e/a').path).toBe('e (2)/a');
});

test('a small file that cannot be written leaves nothing behind', () => {
  const disk = shareOn();
  const { createWhole } = disk;
  disk.createWhole = (path, bytes) => {
    createWhole.call(disk, path, bytes);
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  expect(() => installWhole(disk, '/share', TEMP, 'a', MINE)).toThrow(
    expect.objectContaining({ code: 'DISK_FULL' }),
  );
  expect(disk.names('/share')).toEqual(['Temp']);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('a small file replaces a leftover in Temp and gets its state in the share', () => {
  const disk = shareOn();
  disk.createWhole(TEMP, Buffer.from('leftover'));
  const installed = installWhole(disk, '/share', TEMP, 'a', MINE);
  expect(installed).toEqual({ path: 'a', absolute: '/share/a', state: disk.stateOf('/share/a') });
  expect(disk.peek('/share/a')?.toString()).toBe('mine');
});

test('a folder is installed with one rename, unless its name or that of its parent is taken', () => {
  const disk = shareOn();
  const stage = () => {
    disk.putFolder('/share/Temp/t');
    disk.createWhole('/share/Temp/t/a', Buffer.from('new'));
    return '/share/Temp/t';
  };
  expect(installFolder(disk, '/share', stage(), 'd/e')).toBe(true);
  expect(disk.peek('/share/d/e/a')?.toString()).toBe('new');
  expect(installFolder(disk, '/share', stage(), 'd/e')).toBe(false);
  disk.putFolder('/share/empty');
  expect(installFolder(disk, '/share', '/share/Temp/t', 'empty')).toBe(false);
  disk.putLink('/share/link');
  expect(installFolder(disk, '/share', '/share/Temp/t', 'link/e')).toBe(false);
  expect(disk.kindOf('/share/link (2)/e')).toBeUndefined();
  failNext(disk, 'rename', 'EIO');
  expect(installFolder(disk, '/share', '/share/Temp/t', 'f')).toBe(false);
  expect(disk.peek('/share/Temp/t/a')?.toString()).toBe('new');
});

test('empty folders are created, and each folder gets its time after its content', () => {
  const disk = shareOn();
  const order: string[] = [];
  const setFolderTime = disk.setFolderTime.bind(disk);
  disk.setFolderTime = (path, modifiedMs) => {
    order.push(path);
    setFolderTime(path, modifiedMs);
  };
  const folders = [
    { path: 'd', modifiedMs: 1 },
    { path: 'd/empty/below', modifiedMs: 3 },
    { path: 'd/empty', modifiedMs: 2 },
    { path: 'd/untimed' },
  ];
  expect(finishFolders(disk, '/share', new DiskNames(disk, '/share/Temp'), folders)).toBe('/share/d');
  expect(order).toEqual(['/share/d/empty/below', '/share/d/empty', '/share/d']);
  expect(disk.folderTime('/share/d/empty')).toBe(2);
  expect(disk.kindOf('/share/d/untimed')).toBe('folder');
});

test('a disk that cannot set times of folders fails no download, one that cannot create folders does', () => {
  const disk = shareOn();
  disk.setFolderTime = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };
  expect(
    finishFolders(disk, '/share', new DiskNames(disk, '/share/Temp'), [{ path: 'd', modifiedMs: 1 }]),
  ).toBe('/share/d');
  disk.makeFolder = () => {
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  expect(() => finishFolders(disk, '/share', new DiskNames(disk, '/share/Temp'), [{ path: 'e' }])).toThrow(
    expect.objectContaining({ code: 'DISK_FULL' }),
  );
});

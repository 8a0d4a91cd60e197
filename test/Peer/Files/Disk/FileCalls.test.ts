import { execFileSync } from 'node:child_process';
import { constants, lstatSync, readFileSync, truncateSync, utimesSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type FileCalls, nodeFileCalls } from '../../../../Peer/Files/Disk/FileCalls.ts';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { linuxFileCalls } from '../../../../Peer/Files/Disk/LinuxFileCalls.ts';
import { createWhole } from '../../../../Peer/Files/Disk/WholeFile.ts';
import { whyNoNativeCalls } from '../../../../Shared/Program/NativeCalls.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const stateAt = (path: string) => fileState(lstatSync(path, { bigint: true }));

const native = linuxFileCalls();
const all: [string, FileCalls][] = [['Node', nodeFileCalls]];
if (native !== undefined) all.push(['Linux', native]);

test('the calls of Linux are there where the native part is', () => {
  expect(native === undefined).toBe(whyNoNativeCalls() !== undefined);
});

test.each(all)('by %s: what is written is read, from memory that threads share, too', async (_, calls) => {
  const folder = await TempFolder.forTest();
  const path = folder.at('naïve 文');
  const shared = new Uint8Array(new SharedArrayBuffer(64)).fill(7);
  const fd = calls.open(path, NEW);
  expect(calls.write(fd, shared.subarray(8, 24), 0)).toBe(16);
  expect(calls.write(fd, Buffer.from('end'), 16)).toBe(3);
  calls.close(fd);
  expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.alloc(16, 7), Buffer.from('end')]));
  expect(lstatSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
  const again = calls.open(path, constants.O_RDONLY);
  const into = new Uint8Array(new SharedArrayBuffer(8));
  expect(calls.read(again, into.subarray(2, 8), 15)).toBe(4);
  expect([...into]).toEqual([0, 0, 7, ...Buffer.from('end'), 0, 0]);
  calls.close(again);
});

test.each(all)('by %s: the state is that of Node, and a change of it is seen', async (_, calls) => {
  const folder = await TempFolder.forTest();
  const path = folder.at('file');
  const times = [0, 1, 999, 1_000, 1_755_000_000_123, 4_294_967_296_001, 9_007_199_254_740_991];
  for (const [index, modifiedMs] of times.entries()) {
    const named = `${path}${index}`;
    const state = createWhole(named, Buffer.from('some'), { modifiedMs }, calls);
    expect(state).toEqual(stateAt(named));
    if (modifiedMs < 2 ** 33 * 1_000) expect(state.modifiedMs).toBe(modifiedMs);
  }
  await writeFile(path, 'some', { mode: 0o755 });
  const fd = calls.open(path, constants.O_RDONLY);
  const before = calls.state(fd);
  expect(before).toEqual(stateAt(path));
  expect(before.executable).toBe(true);
  expect(calls.isInState(fd, before)).toBe(true);
  expect(calls.isInState(fd, { ...before, device: '0' })).toBe(false);
  expect(calls.isInState(fd, { ...before, inode: before.inode + 1n })).toBe(false);
  expect(calls.isInState(fd, { ...before, size: before.size + 1 })).toBe(false);
  utimesSync(path, 5, before.modifiedMs / 1_000 + 1);
  expect(calls.isInState(fd, before)).toBe(false);
  // Beyond four gibibytes and 1970.
  truncateSync(path, 2 ** 32 + 5);
  utimesSync(path, 5, -1.5);
  expect(calls.state(fd)).toEqual(stateAt(path));
  expect(calls.state(fd).size).toBe(2 ** 32 + 5);
  calls.close(fd);
});

test.each(all)('by %s: failures have the code and the path of Node', async (_, calls) => {
  const folder = await TempFolder.forTest();
  const path = folder.at('file');
  await writeFile(path, '');
  await symlink(path, folder.at('link'));
  const failing: [string, () => unknown][] = [
    ['EEXIST', () => calls.open(path, NEW)],
    ['ENOENT', () => calls.open(folder.at('missing'), constants.O_RDONLY)],
    ['ENOTDIR', () => calls.open(`${path}/below`, NEW)],
    ['ELOOP', () => calls.open(folder.at('link'), constants.O_RDONLY | constants.O_NOFOLLOW)],
    ['ENAMETOOLONG', () => calls.open(folder.at('x'.repeat(300)), NEW)],
  ];
  for (const [code, fails] of failing)
    expect(fails).toThrow(expect.objectContaining({ code, syscall: 'open', path: expect.any(String) }));
  expect(() => calls.open(`${path}\0.txt`, constants.O_RDONLY)).toThrow();
  const fd = calls.open(path, constants.O_RDONLY);
  expect(() => calls.write(fd, Buffer.from('x'), 0)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  calls.close(fd);
  expect(() => calls.state(fd)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  expect(() => calls.close(fd)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'close' }));
});

test.each(all)('by %s: a program that is started inherits no descriptor', async (_, calls) => {
  const folder = await TempFolder.forTest();
  const fd = calls.open(folder.at('secret'), NEW);
  const inherited = execFileSync('sh', ['-c', `test -e /proc/self/fd/${fd} && echo yes || echo no`]);
  expect(inherited.toString().trim()).toBe('no');
  calls.close(fd);
});

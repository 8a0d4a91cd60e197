import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { FolderLock } from '../../../Peer/State/FolderLock.ts';
import { isRunning, thisProcess } from '../../../Peer/State/RunningProcess.ts';
import { LINUX, title } from '../../Support/Requires.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

/** A process that does nothing until it is killed. */
function idleProcess(): ChildProcess & { readonly pid: number } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('no process was started');
  return Object.assign(child, { pid: child.pid });
}

test('one process gets the lock, the other gets its owner; after release it is free', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('lock');
  const first = new FolderLock(path);
  const second = new FolderLock(path);
  expect(await first.acquire()).toBeUndefined();
  expect(await second.acquire()).toMatchObject({ pid: process.pid });
  await second.release();
  expect(await readdir(folder.path)).toEqual(['lock-1']);

  await first.release();
  await first.release();
  expect(await readdir(folder.path)).toEqual([]);
  expect(await second.acquire()).toBeUndefined();
});

test('the lock of a killed process is taken over, that of a living one is not', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('lock');
  const child = idleProcess();
  const owner = { pid: child.pid, started: '' };
  await writeFile(`${path}-7`, JSON.stringify(owner));
  expect(await new FolderLock(path).acquire()).toEqual(owner);

  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = new FolderLock(path);
  expect(await lock.acquire()).toBeUndefined();
  expect(JSON.parse(await readFile(`${path}-8`, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(await readdir(folder.path)).toEqual(['lock-8']);
});

test('a lock file of more than 4 KiB names no owner', async () => {
  const folder = await TempFolder.forTest();
  const path = folder.at('lock');
  const owner = { pid: process.ppid, started: '' };
  const acquired = async (bytes: number) => {
    await writeFile(`${path}-7`, JSON.stringify(owner).padEnd(bytes));
    return new FolderLock(path).acquire();
  };
  expect([await acquired(4_096), await acquired(4_097)]).toEqual([owner, undefined]);
});

test.skipIf(LINUX)(title('a later process with the same number does not keep the lock', LINUX), async () => {
  const folder = await TempFolder.forTest();
  const self = await thisProcess();
  expect(self.started).toMatch(/^[0-9a-f-]{36} \d+$/);
  expect(await isRunning(self)).toBe(true);
  await folder.write('lock-1', JSON.stringify({ pid: self.pid, started: `${self.started}9` }));
  expect(await new FolderLock(folder.at('lock')).acquire()).toBeUndefined();
});

test.each(['', '{', '[]', '{"pid":"1"}', '{"pid":-4}', 'null'])(
  'a damaged lock %j is taken over',
  async (content) => {
    const folder = await TempFolder.forTest();
    await folder.write('lock-1', content);
    expect(await new FolderLock(folder.at('lock')).acquire()).toBeUndefined();
  },
);

test('of many processes that find a stale lock at once, one gets it', async () => {
  const folder = await TempFolder.forTest();
  for (let round = 0; round < 10; round++) {
    await folder.write(`lock${round}-3`, JSON.stringify({ pid: 2 ** 22 + 1, started: 'never' }));
    const locks = Array.from({ length: 8 }, () => new FolderLock(folder.at(`lock${round}`)));
    const owners = await Promise.all(locks.map((lock) => lock.acquire()));
    expect(owners.filter((owner) => owner === undefined)).toHaveLength(1);
  }
});

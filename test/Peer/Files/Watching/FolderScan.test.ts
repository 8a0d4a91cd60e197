import { execFileSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { newStateRows, putState, stateAt } from '../../../../Peer/Files/Disk/StateRows.ts';
import { FolderScan, type FolderScanOptions } from '../../../../Peer/Files/Watching/FolderScan.ts';
import { FolderWalk } from '../../../../Peer/Files/Watching/FolderWalk.ts';
import { ShareTree } from '../../../../Peer/Files/Watching/ShareTree.ts';
import type { WalkFolders } from '../../../../Peer/Files/Watching/ThreadWalk.ts';
import { systemClock } from '../../../../Shared/Time/Clock.ts';
import { LINUX, title } from '../../../Support/Requires.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const { signal } = new AbortController();

/** A scan of a real folder, with the files it reported as present. */
async function scanned(options: Partial<FolderScanOptions> = {}) {
  const folder = await TempFolder.forTest();
  for (const path of ['a', 'd/b', 'd/e/c']) await folder.write(`share/${path}`, path);
  const there = new Set<string>();
  const found: string[] = [];
  const problems: string[] = [];
  const ignored: string[] = [];
  const resolved: string[] = [];
  const listed = new Map<string, string>();
  const scan = new FolderScan({
    root: folder.at('share'),
    clock: systemClock,
    tree: new ShareTree(),
    ...options,
    events: {
      found: (path) => {
        there.add(path);
        found.push(path);
      },
      gone: (path) => there.delete(path),
      problem: (path, reason) => problems.push(`${path}: ${reason}`),
      resolved: (path) => resolved.push(path),
      ignored: (path, reason) => ignored.push(`${path}: ${reason}`),
      listed: (path, names) => listed.set(path, [...names()].sort().join()),
      unreadable: () => {},
    },
  });
  await scan.scanFolder('', signal);
  return { folder, scan, there, found, problems, ignored, resolved, listed };
}

test('every file below the folder is found', async () => {
  expect([...(await scanned()).there].sort()).toEqual(['a', 'd/b', 'd/e/c']);
});

test('a folder replaced by a symbolic link out of the share: its files are gone, none of the target are found', async () => {
  const { folder, scan, there } = await scanned();
  await folder.write('outside/secret', 'x');
  await rename(folder.at('share/d'), folder.at('elsewhere'));
  await symlink(folder.at('outside'), folder.at('share/d'));
  await scan.scanFolder('d', signal);
  expect([...there]).toEqual(['a']);
});

test('a file replaces a folder, and a folder a file', async () => {
  const { folder, scan, there } = await scanned();
  await rm(folder.at('share/d'), { recursive: true });
  await folder.write('share/d', 'now a file');
  await rm(folder.at('share/a'));
  await folder.write('share/a/inside', 'now a folder');
  await scan.checkPath('d', signal);
  await scan.checkPath('a', signal);
  expect([...there].sort()).toEqual(['a/inside', 'd']);
  await scan.scanFolder('', signal);
  expect([...there].sort()).toEqual(['a/inside', 'd']);
});

test('single paths: new, removed, ignored', async () => {
  const { folder, scan, there } = await scanned();
  await folder.write('share/d/new', 'x');
  await rm(folder.at('share/d/b'));
  await folder.write('share/Temp/x', 'x');
  await mkdir(folder.at('share/.git'));
  for (const path of ['d/new', 'd/b', 'Temp', '.git', 'never-there']) await scan.checkPath(path, signal);
  expect([...there].sort()).toEqual(['a', 'd/e/c', 'd/new']);
});

test('the whole share vanishes and returns: all files are gone, then found', async () => {
  const { folder, scan, there } = await scanned();
  await rename(folder.at('share'), folder.at('away'));
  await scan.scanFolder('', signal);
  expect([...there]).toEqual([]);
  await rename(folder.at('away'), folder.at('share'));
  await scan.scanFolder('', signal);
  expect([...there].sort()).toEqual(['a', 'd/b', 'd/e/c']);
});

test('links are problems; hidden, temporary and special names are ignored; each with its reason', async () => {
  const { folder, scan, there, problems, ignored, listed } = await scanned();
  await symlink(folder.at('share/a'), folder.at('share/link'));
  await symlink(folder.at('share/d'), folder.at('share/d/up'));
  for (const name of ['.hidden', '.shoal-lock-1', 'film.part', 'Temp/x'])
    await folder.write(`share/${name}`, 'x');
  execFileSync('mkfifo', [folder.at('share/pipe')]);
  await scan.scanFolder('', signal);
  expect(problems.sort()).toEqual([
    expect.stringMatching(/^d\/up: is a link/),
    expect.stringMatching(/^link: is a link/),
  ]);
  expect(ignored.sort()).toEqual([
    expect.stringMatching(/^\.hidden: hidden/),
    expect.stringMatching(/^film\.part: temporary/),
    expect.stringMatching(/^pipe: device, pipe/),
  ]);
  expect(listed.get('')).toBe('.hidden,.shoal-lock-1,Temp,a,d,film.part,link,pipe');
  expect([...there].sort()).toEqual(['a', 'd/b', 'd/e/c']);
});

test('a link or pipe in place of a file or folder: what was there is gone', async () => {
  const { folder, scan, there, problems, ignored, listed } = await scanned();
  await rm(folder.at('share/a'));
  execFileSync('mkfifo', [folder.at('share/a')]);
  await rm(folder.at('share/d'), { recursive: true });
  await symlink(folder.path, folder.at('share/d'));
  for (const path of ['a', 'd']) await scan.checkPath(path, signal);
  expect([...there]).toEqual([]);
  expect([problems, ignored]).toEqual([
    [expect.stringMatching(/^d: is a link/)],
    [expect.stringMatching(/^a: device/)],
  ]);
  expect([listed.get('d'), listed.get('d/e')]).toEqual(['', '']);
});

test('everything is dropped when the share folder itself is gone', async () => {
  const { scan, there, listed } = await scanned();
  scan.forgetAll();
  expect([...there]).toEqual([]);
  expect([...listed.values()]).toEqual(['', '', '']);
  await scan.scanFolder('', signal);
  expect(there.size).toBe(3);
});

test.skipIf(LINUX)(
  title('a folder of the kernel below the share is ignored, and not listed', LINUX),
  async () => {
    const found: string[] = [];
    const ignored: string[] = [];
    const scan = new FolderScan({
      root: '/',
      clock: systemClock,
      tree: new ShareTree(),
      events: {
        found: (path) => found.push(path),
        gone: () => {},
        problem: () => {},
        resolved: () => {},
        ignored: (path, reason) => ignored.push(`${path}: ${reason}`),
        listed: () => {},
        unreadable: () => {},
      },
    });
    for (const path of ['proc', 'sys']) await scan.checkPath(path, AbortSignal.timeout(10_000));
    expect(ignored).toEqual([
      'proc: files of the kernel, like /proc',
      'sys: files of the kernel, like /proc',
    ]);
    expect(found).toEqual([]);
  },
);

/** Reads at once, as a thread does that is ahead of the scan. */
const readNow: WalkFolders = (root, folders) => {
  const listings = [...new FolderWalk(root, folders).listings()].filter((each) => each !== undefined);
  return (async function* () {
    yield* listings;
  })();
};

test('after many files another thread reads the folders that are left, each once', async () => {
  const handed: (readonly string[])[] = [];
  const walk: WalkFolders = (root, folders, signal) => {
    handed.push(folders);
    return readNow(root, folders, signal);
  };
  const { folder, scan, found } = await scanned({ walk, inlineFiles: 3 });
  expect(handed).toEqual([]); // None is left after the third file.
  await folder.write('share/d/e/f/g/h', 'x');
  found.length = 0;
  await scan.scanFolder('', signal);
  expect(handed).toEqual([['d/e/f']]);
  expect(found.sort()).toEqual(['a', 'd/b', 'd/e/c', 'd/e/f/g/h']);
});

test('a folder alone is read by the calling thread', async () => {
  let threads = 0;
  const walk: WalkFolders = (...order) => {
    threads++;
    return readNow(...order);
  };
  const { scan } = await scanned({ walk, inlineFiles: 1 });
  expect(threads).toBe(1);
  await scan.scanFolder('d', signal);
  expect(threads).toBe(1);
});

test('a scan takes what was read ahead; what came since is kept, what went is looked at again later', async () => {
  const { folder, scan, there } = await scanned({ walk: readNow });
  scan.readAhead(signal);
  await folder.write('share/d/new', 'x');
  await folder.write('share/d/below/new', 'x');
  for (const path of ['d/new', 'd/below']) await scan.checkPath(path, signal);
  await rm(folder.at('share/d/e/c'));
  await scan.checkPath('d/e/c', signal);
  await scan.scanFolder('', signal);
  expect([...there].sort()).toEqual(['a', 'd/b', 'd/below/new', 'd/e/c', 'd/new']);
  await scan.scanFolder('', signal);
  expect([...there].sort()).toEqual(['a', 'd/b', 'd/below/new', 'd/new']);
});

test('the state of a file is the same in another thread', async () => {
  const folder = await TempFolder.forTest();
  await folder.write('program', 'x');
  await chmod(folder.at('program'), 0o755);
  const [listing] = [...new FolderWalk(folder.path, ['']).listings()].filter((each) => each !== undefined);
  const { states } = structuredClone(listing) ?? expect.unreachable();
  const expected = fileState(lstatSync(folder.at('program'), { bigint: true }));
  expect(stateAt(states, 0)).toEqual(expected);
  expect(expected.executable).toBe(true);
  const extreme = { size: 1n, ino: 2n ** 64n - 1n, dev: 2n ** 64n - 2n, mtimeNs: -3n, ctimeNs: 4n, mode: 0n };
  const rows = newStateRows(2);
  putState(rows, 1, extreme);
  expect(stateAt(rows, 1)).toEqual(fileState(extreme));
});

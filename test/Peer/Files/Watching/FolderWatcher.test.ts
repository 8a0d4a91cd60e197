import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { FSWatcher } from 'chokidar';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchFolder } from '../../../../Peer/Files/Watching/FolderWatcher.ts';
import { LINUX, title } from '../../../Support/Requires.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';
import { eventually } from '../manager.ts';

/** The behaviour of chokidar that docs/Decisions/0003-watch-folders.md relies on. */
async function watched() {
  const folder = await TempFolder.forTest();
  for (let n = 0; n < 50; n++) await folder.write(`share/d/e/${n}`, 'x');
  await folder.write('share/Temp/x', 'x');
  await folder.write('share/.git/x', 'x');
  const before = inotifyWatches();
  const touched = new Set<string>();
  const folders = new Set<string>();
  const watching = watchFolder(folder.at('share'), {
    changed: (path) => touched.add(path),
    folderChanged: (path) => folders.add(path),
    isSelfCreated: (path) => path.startsWith('ours'),
    limited: () => {},
    problem: () => {},
  });
  onTestFinished(() => watching.close());
  await watching.ready;
  return { folder, touched, folders, watching, watches: inotifyWatches() - before };
}

function inotifyWatches(): number {
  const infos = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    } catch {
      return '';
    }
  });
  return infos.join('').split('\ninotify ').length - 1;
}

test.skipIf(LINUX)(title('one watch per folder, none per file, none in ignored folders', LINUX), async () => {
  const { watches } = await watched();
  expect(watches).toBe(3);
});

test('existing files cause no events; a written file is reported by name', async () => {
  const { folder, touched, folders } = await watched();
  expect([touched.size, folders.size]).toEqual([0, 0]);
  await writeFile(folder.at('share/d/e/7'), 'y');
  await eventually(() => expect([...touched]).toEqual(['d/e/7']));
  await writeFile(folder.at('share/Temp/x'), 'y');
  await rm(folder.at('share/d/e/8'));
  await eventually(() => expect([...touched]).toEqual(['d/e/7', 'd/e/8']));
});

/**
 * Listings after each of two files written into one folder, seconds apart; a folder created in it then is found.
 * @param others - events elsewhere within the second of the later one
 */
async function listingsOfTwoFiles(others: number): Promise<number[]> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const listings = vi.spyOn(FSWatcher.prototype, '_readdirp');
  onTestFinished(() => {
    vi.useRealTimers();
    listings.mockRestore();
  });
  const { folder, touched, folders } = await watched();
  const watcher = listings.mock.contexts[0] as FSWatcher;
  listings.mockClear();
  const counts: number[] = [];
  for (const name of ['new', 'later']) {
    await vi.advanceTimersByTimeAsync(2_000);
    if (name === 'later')
      for (let event = 0; event < others; event++)
        watcher.emit('raw', 'change', 'x', { watchedPath: folder.at('share/d') });
    await writeFile(folder.at('share/d/e', name), 'x');
    await eventually(() => expect(touched).toContain(`d/e/${name}`));
    counts.push(listings.mock.calls.length);
  }
  await mkdir(folder.at('share/d/e/below'));
  await eventually(() => expect([...folders]).toEqual(['d/e/below']));
  return counts;
}

test('the first event in a folder lists it, later ones only when they are about a folder', async () => {
  expect(await listingsOfTwoFiles(7_990)).toEqual([1, 1]);
});

test('after 8,000 events within a second, of which the system may drop a part, every event lists its folder', async () => {
  const [first, second] = await listingsOfTwoFiles(8_000);
  expect(second).toBeGreaterThan(first ?? 0);
});

test('a self-created folder is reported and watched at once, its subfolders a second later', async () => {
  const { folder, folders, touched } = await watched();
  await folder.write('share/ours/deep/file', 'x');
  await eventually(() => expect([...folders]).toEqual(['ours']));
  await writeFile(folder.at('share/ours/late'), 'x');
  await eventually(() => expect(touched).toContain('ours/late'));
  expect([...folders]).toEqual(['ours']);
  await eventually(() => expect([...folders].sort()).toEqual(['ours', 'ours/deep']));
  await writeFile(folder.at('share/ours/deep/file'), 'y');
  await eventually(() => expect(touched).toContain('ours/deep/file'));
});

test('new folders are reported and watched, also after a rename', async () => {
  const { folder, touched, folders } = await watched();
  await folder.write('share/new/deep/file', 'x');
  await eventually(() => expect([...folders].sort()).toEqual(['new', 'new/deep']));
  touched.clear();
  await eventually(async () => {
    await writeFile(folder.at('share/new/deep/file'), 'y');
    expect([...touched]).toContain('new/deep/file');
  });
  await rename(folder.at('share/new'), folder.at('share/renamed'));
  await eventually(() => expect([...folders].sort()).toEqual(['new', 'new/deep', 'renamed', 'renamed/deep']));
  await eventually(async () => {
    await writeFile(folder.at('share/renamed/deep/file'), 'z');
    expect([...touched]).toContain('renamed/deep/file');
  });
});

test.skipIf(LINUX)(title('close releases every watch', LINUX), async () => {
  const { watching, watches } = await watched();
  const open = inotifyWatches();
  await watching.close();
  await eventually(() => expect(inotifyWatches()).toBe(open - watches));
});

test.skipIf(LINUX)(title('no folder of the kernel is watched', LINUX), async () => {
  const before = inotifyWatches();
  const watching = watchFolder('/proc/self', {
    changed: () => {},
    folderChanged: () => {},
    isSelfCreated: () => false,
    limited: () => {},
    problem: () => {},
  });
  onTestFinished(() => watching.close());
  await watching.ready;
  expect(inotifyWatches() - before).toBeLessThanOrEqual(1);
});

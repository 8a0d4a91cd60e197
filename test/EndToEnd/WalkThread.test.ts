import { mkdir, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { Listing } from '../../Peer/Files/Watching/FolderWalk.ts';
import { threadWalk, type WalkOrder } from '../../Peer/Files/Watching/ThreadWalk.ts';
import { TempFolder } from '../Support/TempFolder.ts';

const PROGRAM = new URL('../../dist/Programs/WalkWorker.js', import.meta.url);
const FOLDERS = 40;

/** A share of FOLDERS folders in one, a file in each. */
async function share(): Promise<string> {
  const folder = await TempFolder.forTest();
  for (let n = 0; n < FOLDERS; n++) {
    await mkdir(folder.at(`all/${n}`), { recursive: true });
    await writeFile(folder.at(`all/${n}/file`), 'x');
  }
  return folder.path;
}

test('a thread reads all folders once, and the walk ends with it; an aborted one ends, too', async () => {
  const root = await share();
  const folders: string[] = [];
  for await (const { folder } of threadWalk(root, [''], new AbortController().signal, PROGRAM))
    folders.push(folder);
  const each = Array.from({ length: FOLDERS }, (_, n) => `all/${n}`);
  expect(folders.sort()).toEqual(['', 'all', ...each].sort());

  const stopping = new AbortController();
  const seen: string[] = [];
  for await (const { folder } of threadWalk(root, [''], stopping.signal, PROGRAM)) {
    seen.push(folder);
    stopping.abort();
  }
  expect(seen[0]).toBe('');
});

test('the thread waits while the scan is behind, and goes on when it has caught up', async () => {
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const workerData: WalkOrder = { root: await share(), folders: [''], taken, batchEntries: 1, aheadMax: 60 };
  const worker = new Worker(PROGRAM, { workerData });
  onTestFinished(async () => void (await worker.terminate()));
  const listings: Listing[] = [];
  worker.on('message', (batch: Listing[]) => listings.push(...batch));
  // A notified thread is one that waits: it looks again, and waits on.
  await expect.poll(() => Atomics.notify(taken, 0)).toBe(1);
  // The listing of "all" counts 41 entries, those below 2 each.
  expect(listings.length).toBeLessThan(FOLDERS);
  Atomics.store(taken, 0, 1_000);
  Atomics.notify(taken, 0);
  await expect.poll(() => listings.length).toBe(FOLDERS + 2);
});

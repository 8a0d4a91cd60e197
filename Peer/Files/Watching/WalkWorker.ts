import { parentPort, workerData } from 'node:worker_threads';
import { FolderWalk, type Listing, weightOf } from './FolderWalk.ts';
import type { WalkOrder } from './ThreadWalk.ts';

/** Thread that reads folders: posts listings in batches, and ends after the last one. */

/** Entries of one message: amortizes its cost. */
const BATCH_ENTRIES = 2_000;
/** Entries posted and not yet taken, at which the thread waits: bounds the memory that they take. */
const AHEAD_MAX = 100_000;

const { root, folders, taken, batchEntries = BATCH_ENTRIES, aheadMax = AHEAD_MAX } = workerData as WalkOrder;
let batch: Listing[] = [];
let [weight, posted] = [0, 0];

for (const listing of new FolderWalk(root, folders).listings()) {
  if (listing === undefined) continue;
  batch.push(listing);
  weight += weightOf(listing);
  if (weight >= batchEntries) post();
}
post();

function post(): void {
  parentPort?.postMessage(
    batch,
    batch.map(({ states }) => states.buffer),
  );
  posted += weight;
  [batch, weight] = [[], 0];
  for (let done = Atomics.load(taken, 0); posted - done > aheadMax; done = Atomics.load(taken, 0))
    Atomics.wait(taken, 0, done);
}

import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { limitHeapGrowth } from '../../../Shared/Program/HeapGrowth.ts';
import { type Listing, weightOf } from './FolderWalk.ts';

/** Folders that the thread reads. */
export interface WalkOrder {
  readonly root: string;
  readonly folders: readonly string[];
  /** Shared by both threads: entries that the scan has taken. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  /** Entries of one message, and those posted and not yet taken at which the thread waits. Default: its constants. */
  readonly batchEntries?: number;
  readonly aheadMax?: number;
}

export type WalkFolders = (
  root: string,
  folders: readonly string[],
  signal: AbortSignal,
  program?: URL,
) => AsyncIterable<Listing>;

const PROGRAM = new URL('./WalkWorker.js', import.meta.url);

/** Reads folders, and everything below them, in a thread, which begins at once. Works in the built program only. */
export const threadWalk: WalkFolders = (root, folders, signal, program = PROGRAM) => {
  limitHeapGrowth();
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const workerData: WalkOrder = { root, folders, taken };
  const worker = new Worker(program, {
    workerData,
    // Nearly all it allocates is garbage at once: the default would take 50 MB.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  signal.addEventListener('abort', () => void worker.terminate(), { once: true });
  // Listens from now on: the thread is ahead of the scan.
  const batches: AsyncIterable<readonly Listing[][]> = on(worker, 'message', { signal, close: ['exit'] });
  return listings();

  async function* listings(): AsyncGenerator<Listing> {
    try {
      for await (const [batch = []] of batches) {
        yield* batch;
        Atomics.add(
          taken,
          0,
          batch.reduce((sum, listing) => sum + weightOf(listing), 0),
        );
        Atomics.notify(taken, 0);
      }
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      await worker.terminate();
    }
  }
};

import { Worker } from 'node:worker_threads';
import type { Disk } from '../Disk/Disk.ts';
import { type Packed, packJob, unpackReply } from './SmallPacking.ts';
import { type SmallJob, type SmallReply, writeSmall } from './SmallWriting.ts';

/** Verifies and writes batches of small files. */
export interface SmallWriter {
  /** The job's bytes are not touched by anybody else until it is done; then they are given back, perhaps in other memory. Never rejects. */
  write(job: SmallJob): Promise<SmallReply>;
  /** Gives up what is under way. Safe to call twice. */
  close(): Promise<void>;
}

/** In this thread: for tests, and where no threads are wanted. */
export function inlineSmallWriter(disk: Disk): SmallWriter {
  return {
    write: async (job) => ({ outcomes: writeSmall(disk, job), bytes: job.bytes }),
    close: async () => {},
  };
}

/**
 * In a thread of its own: half of what a small file costs is its system calls and its hash, and the other half goes on meanwhile.
 * It does not keep the process alive. Exists in the built program only.
 */
export function threadSmallWriter(): SmallWriter {
  const worker = new Worker(new URL('./SmallWorker.js', import.meta.url));
  worker.unref();
  let closed = false;
  /** In the order of asking: the thread answers in the same. */
  const open: { readonly job: SmallJob; readonly done: (reply: SmallReply) => void }[] = [];
  const fail = ({ job, done }: (typeof open)[number]) =>
    done({ outcomes: job.files.map(() => ({ kind: 'failed', code: 'EIO' })), bytes: new Uint8Array(0) });
  const failAll = () => {
    closed = true;
    for (const each of open.splice(0)) fail(each);
  };
  worker.on('message', (packed: Packed) => open.shift()?.done(unpackReply(packed)));
  worker.on('error', failAll);
  worker.on('exit', failAll);
  return {
    write: (job) =>
      new Promise((done) => {
        if (closed) return fail({ job, done });
        open.push({ job, done });
        const { buffer } = job.bytes;
        worker.postMessage(packJob(job), buffer instanceof ArrayBuffer ? [buffer] : []);
      }),
    close: async () => {
      closed = true;
      await worker.terminate();
      failAll();
    },
  };
}

import { Worker } from 'node:worker_threads';
import type { Disk } from '../Disk/Disk.ts';
import { type PackedReply, packJob, unpackReply } from './SmallPacking.ts';
import { type SmallJob, type SmallReply, writeSmall } from './SmallWriting.ts';

/** Verifies and writes batches of small files. */
export interface SmallWriter {
  /** Takes ownership of the job's bytes and returns them, possibly in another buffer. Never rejects. */
  write(job: SmallJob): Promise<SmallReply>;
  /** Aborts running jobs: their files fail with EIO. Safe to call twice. */
  close(): Promise<void>;
}

/** Memory for young objects of the thread: a job leaves nothing behind. V8's default is 48. */
const YOUNG_MB = 6;

/** Writes in the calling thread: for tests, and for peers without threads. */
export function inlineSmallWriter(disk: Disk): SmallWriter {
  return {
    write: async (job) => ({ outcomes: writeSmall(disk, job), bytes: job.bytes }),
    close: async () => {},
  };
}

/**
 * Writes in a separate thread: system calls and hash are half of the cost of a small file and run in parallel to the
 * other half. The thread does not keep the process alive. Works in the built program only.
 */
export function threadSmallWriter(): SmallWriter {
  const worker = new Worker(new URL('./SmallWorker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  worker.unref();
  let closed = false;
  /** Pending jobs. The thread replies in the order of the requests. */
  const open: { readonly job: SmallJob; readonly done: (reply: SmallReply) => void }[] = [];
  const fail = ({ job, done }: (typeof open)[number]) =>
    done({ outcomes: job.files.map(() => ({ kind: 'failed', code: 'EIO' })), bytes: new Uint8Array(0) });
  const failAll = () => {
    closed = true;
    for (const each of open.splice(0)) fail(each);
  };
  worker.on('message', (packed: PackedReply) => open.shift()?.done(unpackReply(packed)));
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

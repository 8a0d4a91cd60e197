import { parentPort } from 'node:worker_threads';
import { nodeDisk } from './NodeDisk.ts';
import type { SmallReply } from './SmallWriter.ts';
import { type SmallJob, writeSmall } from './SmallWriting.ts';

/** A thread that verifies and writes small files: takes jobs, answers each with its outcomes and gives its memory back. */

parentPort?.on('message', (job: SmallJob) => {
  const reply: SmallReply = { outcomes: writeSmall(nodeDisk, job), bytes: job.bytes };
  const { buffer } = job.bytes;
  parentPort?.postMessage(reply, buffer instanceof ArrayBuffer ? [buffer] : []);
});

import { parentPort } from 'node:worker_threads';
import { createWhole, remove } from '../Disk/WholeFile.ts';
import { type PackedJob, packReply, unpackJob } from './SmallPacking.ts';
import { writeSmall } from './SmallWriting.ts';

/** Thread that verifies and writes small files. Replies to each job with its outcomes and returns its memory. */

parentPort?.on('message', (packed: PackedJob) => {
  const job = unpackJob(packed);
  const { bytes } = job;
  const { buffer } = bytes;
  const reply = packReply({ outcomes: writeSmall({ createWhole, remove }, job), bytes });
  parentPort?.postMessage(reply, buffer instanceof ArrayBuffer ? [buffer] : []);
});

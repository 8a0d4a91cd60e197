import { parentPort } from 'node:worker_threads';
import { nodeDisk } from '../Disk/NodeDisk.ts';
import { type Packed, packReply, unpackJob } from './SmallPacking.ts';
import { writeSmall } from './SmallWriting.ts';

/** A thread that verifies and writes small files: takes jobs, answers each with its outcomes and gives its memory back. */

parentPort?.on('message', (packed: Packed) => {
  const job = unpackJob(packed);
  const { bytes } = job;
  const { buffer } = bytes;
  const reply = packReply({ outcomes: writeSmall(nodeDisk, job), bytes });
  parentPort?.postMessage(reply, buffer instanceof ArrayBuffer ? [buffer] : []);
});

import { parentPort } from 'node:worker_threads';
import type { HashReply, HashRequest } from './Hasher.ts';
import { hashFile, hashPart } from './HashFile.ts';
import { beNicer } from './Niceness.ts';

/** Hashing thread: replies to each batch of paths and each part of a large file, and reports progress. */

/** Bytes between two progress messages. */
const PROGRESS_BYTES = 64 * 1_024 * 1_024;
/** Hashing uses the remaining time of every core: the console, downloads and uploads have priority. */
const NICENESS = 10;

beNicer(NICENESS);

parentPort?.on('message', ({ root, paths, part }: HashRequest) => {
  const [path] = paths;
  if (part !== undefined && path !== undefined) {
    reply({ kind: 'part done', outcome: hashPart(root, path, part, progress()) });
    return;
  }
  reply({ kind: 'done', outcomes: paths.map((each) => hashFile(root, each, progress())) });
});

/** Returns a callback that reports the progress of one file or part. */
function progress(): (bytes: number) => void {
  let reported = 0;
  return (bytes) => {
    if (bytes - reported < PROGRESS_BYTES) return;
    reply({ kind: 'progress', bytes: bytes - reported });
    reported = bytes;
  };
}

function reply(message: HashReply): void {
  parentPort?.postMessage(message);
}

import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { HashReply, HashRequest } from './Hasher.ts';
import { hashFile, hashPart } from './HashFile.ts';

/** A thread that hashes: takes batches of paths and parts of large files, answers each, and tells of progress in large files. */

/** Progress is told after this many bytes. */
const TELL_BYTES = 64 * 1_024 * 1_024;
/** Who waits for an answer of the console, or for a download, goes first: hashing takes all that is left of every core. */
const NICENESS = 5;

// On Linux it holds for this thread alone; elsewhere it would for the whole program.
if (process.platform === 'linux') setPriority(NICENESS);

parentPort?.on('message', ({ root, paths, part }: HashRequest) => {
  const [path] = paths;
  if (part !== undefined && path !== undefined) {
    reply({ kind: 'part done', outcome: hashPart(root, path, part, progress()) });
    return;
  }
  reply({ kind: 'done', outcomes: paths.map((each) => hashFile(root, each, progress())) });
});

/** Tells of the bytes of one file, or part. */
function progress(): (bytes: number) => void {
  let told = 0;
  return (bytes) => {
    if (bytes - told < TELL_BYTES) return;
    reply({ kind: 'progress', bytes: bytes - told });
    told = bytes;
  };
}

function reply(message: HashReply): void {
  parentPort?.postMessage(message);
}

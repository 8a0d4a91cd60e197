import { Worker } from 'node:worker_threads';
import { type FilePart, type HashOutcome, hashFile, hashPart, type PartOutcome } from './HashFile.ts';

/** Hashes batches of files and parts of large files: one batch or part at a time. */
export interface Hasher {
  /**
   * Hashes a batch: one outcome per path, in order. Never rejects.
   * @param root - see openShared
   * @param progress - called with the bytes hashed since the last call
   */
  hash(
    root: string | undefined,
    paths: readonly string[],
    progress: (bytes: number) => void,
  ): Promise<HashOutcome[]>;
  /** Hashes a part of one file. Never rejects. Parameters as above. */
  hashPart(
    root: string | undefined,
    path: string,
    part: FilePart,
    progress: (bytes: number) => void,
  ): Promise<PartOutcome>;
  /** Aborts the current batch or part. Safe to call twice. */
  close(): Promise<void>;
}

type Failed = Extract<HashOutcome, { readonly kind: 'failed' }>;

/** Message to the hashing thread. */
export interface HashRequest {
  readonly root: string | undefined;
  readonly paths: readonly string[];
  /** Part of the only path; undefined: whole files. */
  readonly part: FilePart | undefined;
}

/** Message from the hashing thread. */
export type HashReply =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly outcomes: HashOutcome[] }
  | { readonly kind: 'part done'; readonly outcome: PartOutcome };

/** Creates a hasher in the calling thread that yields between files: for tests, and where threads are not wanted. */
export function inlineHasher(): Hasher {
  return {
    hash: async (root, paths) => {
      const outcomes: HashOutcome[] = [];
      for (const path of paths) {
        outcomes.push(hashFile(root, path, () => {}));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return outcomes;
    },
    hashPart: async (root, path, part) => hashPart(root, path, part, () => {}),
    close: async () => {},
  };
}

/** Creates a hasher in its own thread, which does not keep the process alive. Works in the built program only. */
export function threadHasher(): Hasher {
  const worker = new Worker(new URL('./HashWorker.js', import.meta.url), {
    // Nearly all it allocates is garbage at once: the default takes 20 MB more.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  let closed = false;
  // Pending request: the handler of its reply, and its rejection when the thread ends.
  let onReply: ((reply: HashReply) => void) | undefined;
  let onFailure: (failed: Failed) => void = () => {};
  let onProgress: (bytes: number) => void = () => {};
  const failAll = (reason: string) => {
    closed = true;
    onReply = undefined;
    onFailure({ kind: 'failed', code: 'EIO', reason });
  };
  worker.on('message', (reply: HashReply) => {
    if (reply.kind === 'progress') onProgress(reply.bytes);
    else onReply?.(reply);
  });
  worker.on('error', (failure) => failAll(`the hashing thread failed: ${failure}`));
  worker.on('exit', () => failAll('the hashing thread ended'));
  const send = (request: HashRequest, progress: (bytes: number) => void) => {
    onProgress = progress;
    if (closed) failAll('the hashing thread has ended');
    else worker.postMessage(request);
  };
  return {
    hash: (root, paths, progress) =>
      new Promise((done) => {
        onReply = (reply) => void (reply.kind === 'done' && done(reply.outcomes));
        onFailure = (failed) => done(paths.map(() => failed));
        send({ root, paths, part: undefined }, progress);
      }),
    hashPart: (root, path, part, progress) =>
      new Promise((done) => {
        onReply = (reply) => void (reply.kind === 'part done' && done(reply.outcome));
        onFailure = done;
        send({ root, paths: [path], part }, progress);
      }),
    close: async () => {
      closed = true;
      await worker.terminate();
    },
  };
}

import { Worker } from 'node:worker_threads';
import { type HashOutcome, hashFile } from './HashFile.ts';

/** Hashes batches of files, one batch at a time. */
export interface Hasher {
  /** One outcome a path, in order. Never rejects. @param root - see openShared @param progress - bytes hashed since it was told last */
  hash(
    root: string | undefined,
    paths: readonly string[],
    progress: (bytes: number) => void,
  ): Promise<HashOutcome[]>;
  /** Gives up what is under way. Safe to call twice. */
  close(): Promise<void>;
}

/** To the thread. */
export interface HashRequest {
  readonly root: string | undefined;
  readonly paths: readonly string[];
}

/** From the thread. */
export type HashReply =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly outcomes: HashOutcome[] };

/** Hashes in this thread, a file at a time with room for others between: for tests, and where no threads are wanted. */
export function inlineHasher(): Hasher {
  return {
    hash: async (root, paths, progress) => {
      const outcomes: HashOutcome[] = [];
      for (const path of paths) {
        outcomes.push(hashFile(root, path, () => {}));
        await new Promise((resolve) => setImmediate(resolve));
      }
      progress(0);
      return outcomes;
    },
    close: async () => {},
  };
}

/** Hashes in a thread of its own, which does not keep the process alive. Exists in the built program only. */
export function threadHasher(): Hasher {
  const worker = new Worker(new URL('./HashWorker.js', import.meta.url));
  worker.unref();
  let closed = false;
  let current: { paths: readonly string[]; done: (outcomes: HashOutcome[]) => void } | undefined;
  let onProgress: (bytes: number) => void = () => {};
  const finish = (outcomes: HashOutcome[]) => {
    const { done } = current ?? {};
    current = undefined;
    done?.(outcomes);
  };
  const failAll = (reason: string) => {
    closed = true;
    finish((current?.paths ?? []).map(() => ({ kind: 'failed', code: 'EIO', reason })));
  };
  worker.on('message', (reply: HashReply) => {
    if (reply.kind === 'progress') onProgress(reply.bytes);
    else finish(reply.outcomes);
  });
  worker.on('error', (failure) => failAll(`the hashing thread failed: ${failure}`));
  worker.on('exit', () => failAll('the hashing thread ended'));
  return {
    hash: (root, paths, progress) =>
      new Promise((done) => {
        onProgress = progress;
        current = { paths, done };
        if (closed) return failAll('the hashing thread has ended');
        const request: HashRequest = { root, paths };
        worker.postMessage(request);
      }),
    close: async () => {
      closed = true;
      await worker.terminate();
    },
  };
}

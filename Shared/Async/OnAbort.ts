import { setMaxListeners } from 'node:events';
import { ShoalError } from '../ShoalError.ts';

/** Runs `task` once when the signal aborts, for any number of tasks. @returns a function that cancels */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  // Node warns of a leak from the eleventh listener on; one file description requests 16 pages at once.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}

/** Settles as the promise, or rejects with CANCELLED when the signal aborts first. The work of the promise goes on. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new ShoalError('CANCELLED', 'interrupted'));
    if (signal.aborted) giveUp();
    const stopWaiting = onAbort(signal, giveUp);
    promise.then(resolve, reject).finally(stopWaiting);
  });
}

import { setMaxListeners } from 'node:events';
import { ShoalError } from './ShoalError.ts';

/** Runs `task` once when the signal aborts; returns how to stop waiting. Any number may wait on one signal. */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  // Node warns of a leak from the eleventh on; a description alone asks for 16 pages at once.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}

/** What the promise gives, unless the signal is first: then CANCELLED. What the promise stands for goes on, perhaps for others. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new ShoalError('CANCELLED', 'interrupted'));
    if (signal.aborted) giveUp();
    const stopWaiting = onAbort(signal, giveUp);
    promise.then(resolve, reject).finally(stopWaiting);
  });
}

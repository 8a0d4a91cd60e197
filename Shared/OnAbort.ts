import { setMaxListeners } from 'node:events';

/** Runs `task` once when the signal aborts; returns how to stop waiting. Any number may wait on one signal. */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  // Node warns of a leak from the eleventh on; a description alone asks for 16 pages at once.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}

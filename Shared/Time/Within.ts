import { onAbort } from '../Async/OnAbort.ts';
import type { Clock } from './Clock.ts';

/** Does some work with a signal that aborts with the given one, or after `maxMs`. Settles as the work does. */
export async function within<T>(
  clock: Clock,
  maxMs: number,
  signal: AbortSignal | undefined,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const end = () => over.abort(signal?.reason);
  const stopListening = signal && onAbort(signal, end);
  const cancel = clock.after(maxMs, end);
  if (signal?.aborted) end();
  try {
    return await work(over.signal);
  } finally {
    cancel();
    stopListening?.();
  }
}

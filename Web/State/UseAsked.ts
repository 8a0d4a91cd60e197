import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../Api/Client.ts';

export interface Asked<T> {
  readonly value?: T;
  readonly failure?: ApiError;
  readonly pending: boolean;
}

/**
 * Asks the API when `keys` change, and again every `everyMs` while the page is visible. A later answer of an earlier
 * question is dropped; the last value stays while the next answer is pending.
 */
export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  everyMs?: number,
): Signal<Asked<T>> {
  const asked = useSignal<Asked<T>>({ pending: true });
  useEffect(() => {
    const stopped = new AbortController();
    asked.value = { pending: true };
    let timer: number | undefined;
    const once = async () => {
      if (!document.hidden) {
        try {
          const value = await ask(stopped.signal);
          if (stopped.signal.aborted) return;
          asked.value = { value, pending: false };
        } catch (failure) {
          if (stopped.signal.aborted) return;
          const reported = failure instanceof ApiError ? failure : new ApiError('FAILED', String(failure));
          asked.value = { ...asked.value, failure: reported, pending: false };
        }
      }
      if (everyMs !== undefined && !stopped.signal.aborted) timer = window.setTimeout(once, everyMs);
    };
    void once();
    return () => {
      stopped.abort();
      window.clearTimeout(timer);
    };
  }, keys);
  return asked;
}

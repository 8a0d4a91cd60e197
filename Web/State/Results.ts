import { effect, signal } from '@preact/signals';
import { ApiError, read } from '../Api/Client.ts';
import type { Hit } from '../Api/Items.ts';
import { query } from './Address.ts';

/** The state of the search for the words in the address. */
export interface Results {
  readonly words: string;
  readonly hits: readonly Hit[];
  readonly pending: boolean;
  readonly truncated: boolean;
  /** Trackers that answered, and those that should have; equal: all did. */
  readonly trackers: number;
  readonly trackersKnown: number;
  readonly failure?: ApiError;
}

/** Pause after a key before the network is asked. */
const DEBOUNCE_MS = 90;
/** Few at first, so that they are there at once; then many. */
const FIRST_PAGE = 200;
const NEXT_PAGE = 5_000;

type Answering = Pick<Results, 'trackers' | 'trackersKnown'>;

const NOTHING: Results = {
  words: '',
  hits: [],
  pending: false,
  truncated: false,
  trackers: 0,
  trackersKnown: 0,
};
export const results = signal<Results>(NOTHING);

let asking: AbortController | undefined;

/** Searches whenever the words change. An answer to earlier words is dropped. */
export function followQuery(): void {
  let timer: number | undefined;
  effect(() => {
    const words = query.value.trim();
    window.clearTimeout(timer);
    asking?.abort();
    asking = undefined;
    if (words === '') {
      results.value = NOTHING;
      return;
    }
    results.value = { ...results.peek(), pending: true };
    timer = window.setTimeout(() => void ask(words, []), DEBOUNCE_MS);
  });
}

/** Adds the next hits, if there are more. */
export function moreHits(): void {
  const { words, hits, pending, truncated } = results.value;
  if (!pending && truncated) void ask(words, hits);
}

async function ask(words: string, before: readonly Hit[]): Promise<void> {
  const own = new AbortController();
  asking = own;
  const count = before.length === 0 ? FIRST_PAGE : NEXT_PAGE;
  try {
    const page = { q: words, from: before.length, count };
    const answer = await read<Hit, Answering>('/search', page, own.signal);
    if (own.signal.aborted) return;
    const { items, trackers, trackersKnown } = answer;
    const hits = [...before, ...items];
    results.value = {
      words,
      hits,
      pending: false,
      truncated: items.length >= count,
      trackers,
      trackersKnown,
    };
  } catch (failure) {
    if (own.signal.aborted) return;
    const reported = failure instanceof ApiError ? failure : new ApiError('FAILED', String(failure));
    const none = reported.code === 'NOT_FOUND';
    results.value = { ...NOTHING, words, hits: before, ...(none ? {} : { failure: reported }) };
  }
}

import type { FileDescription } from '../../../Protocol/FileId.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { within } from '../../../Shared/Time/Within.ts';
import type { FileSource } from './FileSource.ts';

/** Time without an answer after which a second source is asked in parallel. */
const PATIENCE_MS = 2_000;
/** Time after which a failed source is asked again. */
const RETRY_MS = 5_000;
/** Sources asked at the same time: the claimed list of one may take 100 MB before it turns out to be false. */
const ASKED_MAX = 3;
/** Time for a whole list: the longest, 33 MB, at 5 Mbit/s. */
const WHOLE_MS = 60_000;

/** Fetches the chunk list from one source, and from the next one when that is slow or fails. */
export class DescriptionFetch {
  /** The chunk list, verified against the FileId. Never rejects: it stays pending until a source sends the list. */
  readonly description: Promise<FileDescription>;
  readonly #resolve: (description: FileDescription) => void;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #failed: (source: FileSource, reason: ShoalError) => void;
  readonly #askedMs = new Map<FileSource, number>();
  readonly #done = new AbortController();
  #running = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @param failed - called with the error of each source that failed */
  constructor(clock: Clock, signal: AbortSignal, failed: (source: FileSource, reason: ShoalError) => void) {
    this.#clock = clock;
    this.#signal = AbortSignal.any([signal, this.#done.signal]);
    this.#failed = failed;
    const { promise, resolve } = withResolver<FileDescription>();
    this.description = promise;
    this.#resolve = resolve;
  }

  /** Asks the next source when it is due. Called when sources change, and on every tick. */
  tick(sources: readonly FileSource[]): void {
    const nowMs = this.#clock.nowMs();
    if (this.#signal.aborted || this.#running >= ASKED_MAX) return;
    if (this.#running > 0 && nowMs - this.#lastMs < PATIENCE_MS) return;
    const lastMs = (source: FileSource) => this.#askedMs.get(source) ?? Number.NEGATIVE_INFINITY;
    const due = sources.filter((source) => nowMs - lastMs(source) >= RETRY_MS);
    const next = due.toSorted((one, other) =>
      lastMs(one) < lastMs(other) ? -1 : Number(lastMs(one) > lastMs(other)),
    )[0];
    if (next?.source === undefined) return;
    this.#askedMs.set(next, nowMs);
    this.#lastMs = nowMs;
    this.#running++;
    const { source } = next;
    within(this.#clock, WHOLE_MS, this.#signal, (limited) => source.describe(limited)).then(
      (description) => {
        this.#done.abort();
        this.#resolve(description);
      },
      (failure: unknown) => {
        this.#running--;
        this.#askedMs.set(next, this.#clock.nowMs());
        if (!this.#signal.aborted) this.#failed(next, asShoalError(failure, 'UNREACHABLE'));
      },
    );
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { DownloadState } from '../../DownloadModel.ts';

/** Retry interval after a full or failing disk. */
export const DISK_RETRY_MS = 30_000;
/** Consecutive disk failures without progress after which the download fails. */
const DISK_FAILURES_MAX = 5;

/** The state of one download. */
export interface DownloadProgress {
  readonly state: DownloadState;
  readonly error: ShoalError | undefined;
  /** Delay before a download that a disk error paused is retried. */
  readonly retryAtMs: number | undefined;
  readonly finalPath: string | undefined;
  /** The part file vanished and the download restarted from the beginning. */
  readonly restarted: boolean;
  readonly diskFailures: number;
}

export type DownloadEvent =
  /** A download slot is free. */
  | { readonly kind: 'start' }
  /** The run has this many sources and knows, or does not know, the chunk list. */
  | { readonly kind: 'sources'; readonly sources: number; readonly described: boolean }
  /** All bytes are verified. */
  | { readonly kind: 'complete' }
  | { readonly kind: 'finished'; readonly path: string }
  /** A run ended with an error. @param progressed - the run verified at least one chunk */
  | { readonly kind: 'stopped'; readonly error: ShoalError; readonly progressed: boolean }
  | { readonly kind: 'retryDue' }
  /** Its place goes to another download. */
  | { readonly kind: 'yield' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'cancel' };

/**
 * Actions for the caller. `queue`: wait for a download slot. `stop`: end the run. `discard`: delete unfinished
 * data after the run has ended. `retry`: send `retryDue` at `retryAtMs`.
 */
export type DownloadAction =
  | 'queue'
  | 'run'
  | 'stop'
  | 'discard'
  | 'retry'
  | 'remember paused'
  | 'remember resumed';

export interface DownloadDecision {
  readonly next: DownloadProgress;
  readonly actions: readonly DownloadAction[];
}

export function newDownload(state: 'waiting' | 'paused'): DownloadProgress {
  return {
    state,
    error: undefined,
    retryAtMs: undefined,
    finalPath: undefined,
    restarted: false,
    diskFailures: 0,
  };
}

/** Whether a download stays in its state until the user acts. */
export function hasEnded(state: DownloadState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export function isRunning(state: DownloadState): boolean {
  return state === 'searching' || state === 'describing' || state === 'fetching' || state === 'finishing';
}

/**
 * Decides the next state and the actions for an event. An event that does not apply to the state changes nothing.
 */
export function decide(progress: DownloadProgress, event: DownloadEvent, nowMs: number): DownloadDecision {
  const { state } = progress;
  const stay = { next: progress, actions: [] };
  const go = (change: Partial<DownloadProgress>, ...actions: DownloadAction[]): DownloadDecision => ({
    next: { ...progress, error: undefined, retryAtMs: undefined, ...change },
    actions,
  });
  switch (event.kind) {
    case 'start':
      return state === 'waiting' ? go({ state: 'searching' }, 'run') : stay;
    case 'sources': {
      const reached = stateOf(event);
      return isRunning(state) && state !== 'finishing' && state !== reached ? go({ state: reached }) : stay;
    }
    case 'complete':
      return isRunning(state) ? go({ state: 'finishing' }) : stay;
    case 'finished':
      return isRunning(state) ? go({ state: 'done', finalPath: event.path }) : stay;
    case 'stopped':
      return isRunning(state) ? stopped(progress, event.error, event.progressed, nowMs, go) : stay;
    case 'retryDue':
      return state === 'paused' && progress.retryAtMs !== undefined
        ? go({ state: 'waiting' }, 'queue')
        : stay;
    case 'yield':
      return isRunning(state) && state !== 'finishing' ? go({ state: 'waiting' }, 'stop') : stay;
    case 'pause':
      if (hasEnded(state) || (state === 'paused' && progress.retryAtMs === undefined)) return stay;
      return go({ state: 'paused' }, 'stop', 'remember paused');
    case 'resume':
      if (state !== 'paused' && state !== 'failed') return stay;
      return go({ state: 'waiting', diskFailures: 0, restarted: false }, 'remember resumed', 'queue');
    case 'cancel':
      return state === 'done' || state === 'cancelled' ? stay : go({ state: 'cancelled' }, 'stop', 'discard');
  }
}

function stateOf(event: { sources: number; described: boolean }): DownloadState {
  if (event.sources === 0) return 'searching';
  return event.described ? 'fetching' : 'describing';
}

function stopped(
  progress: DownloadProgress,
  error: ShoalError,
  progressed: boolean,
  nowMs: number,
  go: (change: Partial<DownloadProgress>, ...actions: DownloadAction[]) => DownloadDecision,
): DownloadDecision {
  if (error.code === 'PART_FILE_GONE' && !progress.restarted) {
    return go({ state: 'waiting', restarted: true }, 'discard', 'queue');
  }
  const diskFailures = progressed ? 1 : progress.diskFailures + 1;
  const again =
    error.code === 'DISK_FULL' || (error.code === 'DISK_FAILED' && diskFailures < DISK_FAILURES_MAX);
  if (again) {
    return go({ state: 'paused', error, retryAtMs: nowMs + DISK_RETRY_MS, diskFailures }, 'retry');
  }
  return go({ state: 'failed', error });
}

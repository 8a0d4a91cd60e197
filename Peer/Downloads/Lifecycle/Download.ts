import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { DownloadState } from '../../Model.ts';

/** A full or failing disk is tried again after this. */
export const DISK_RETRY_MS = 30_000;
/** A disk that fails this often in a row, with nothing written between, is left to the user. */
const DISK_FAILURES_MAX = 5;

/** Where one download stands. */
export interface DownloadProgress {
  readonly state: DownloadState;
  readonly error: ShoalError | undefined;
  /** When it goes on by itself, for a download that a disk stopped. */
  readonly retryAtMs: number | undefined;
  readonly finalPath: string | undefined;
  /** Its unfinished file vanished, and it began again. */
  readonly restarted: boolean;
  readonly diskFailures: number;
}

export type DownloadEvent =
  /** Its turn came. */
  | { readonly kind: 'start' }
  /** News of a run: how many sources, and whether the chunk list is known. */
  | { readonly kind: 'sources'; readonly sources: number; readonly described: boolean }
  /** Everything is verified. */
  | { readonly kind: 'complete' }
  | { readonly kind: 'finished'; readonly path: string }
  /** A run ended early. @param progressed - it had verified something */
  | { readonly kind: 'stopped'; readonly error: ShoalError; readonly progressed: boolean }
  | { readonly kind: 'retryDue' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'cancel' };

/**
 * What the owner of a download has to do. `queue`: let it wait for its turn. `stop`: end the run. `discard`: delete what is there, once
 * the run has ended. `retry`: send `retryDue` at `retryAtMs`.
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

/** Nothing more happens by itself, or ever. */
export function hasEnded(state: DownloadState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export function isRunning(state: DownloadState): boolean {
  return state === 'searching' || state === 'describing' || state === 'fetching' || state === 'finishing';
}

/** What an event does to a download. Events that make no sense in a state change nothing. */
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

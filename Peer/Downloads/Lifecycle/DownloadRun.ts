import type { FileId } from '../../../Protocol/Ids.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { DownloadStatus } from '../../Model.ts';
import type { Task } from '../File/Task.ts';
import {
  type DownloadAction,
  type DownloadEvent,
  type DownloadProgress,
  decide,
  hasEnded,
  isRunning,
  newDownload,
} from './Download.ts';
import { causeText, stallReason } from './StallReason.ts';

export interface DownloadRunOptions {
  readonly number: number;
  readonly path: string;
  /** Undefined for a folder. */
  readonly fileId: FileId | undefined;
  readonly task: Task;
  readonly clock: Clock;
  readonly wallMs: number;
  /** The user had paused it in an earlier run of the program. */
  readonly paused: boolean;
  readonly events: DownloadRunEvents;
}

export interface DownloadRunEvents {
  changed(download: DownloadRun): void;
  /** It waits for its turn: call `begin` when there is room. */
  queued(download: DownloadRun): void;
  /** It left a state in which it took room. */
  stopped(download: DownloadRun): void;
}

/** One download as the user sees it: does what the state machine decides. */
export class DownloadRun {
  readonly number: number;
  readonly path: string;
  readonly fileId: FileId | undefined;
  readonly task: Task;
  readonly #options: DownloadRunOptions;
  readonly #startedMs: number;
  readonly #waiters = new Set<() => void>();
  #progress: DownloadProgress;
  #run: AbortController | undefined;
  /** Everything asynchronous, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  #endedMs: number | undefined;
  #closed = false;

  constructor(options: DownloadRunOptions) {
    this.number = options.number;
    this.path = options.path;
    this.fileId = options.fileId;
    this.task = options.task;
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
    this.#progress = newDownload(options.paused ? 'paused' : 'waiting');
  }

  get state(): DownloadStatus['state'] {
    return this.#progress.state;
  }

  get running(): boolean {
    return isRunning(this.state);
  }

  /** Its turn came. */
  begin(): void {
    this.#handle({ kind: 'start' });
  }

  pause(): Promise<void> {
    this.#handle({ kind: 'pause' });
    return this.#work;
  }

  async resume(): Promise<void> {
    this.#handle({ kind: 'resume' });
  }

  cancel(): Promise<void> {
    this.#handle({ kind: 'cancel' });
    return this.#work;
  }

  /** Ends the run; the state stays what it is, for the next start of the program. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#run?.abort();
    await this.#work;
  }

  /** Resolves when it is done, failed, paused or cancelled. @throws ShoalError CANCELLED when `signal` aborts */
  settled(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const isSettled = () => hasEnded(this.state) || this.state === 'paused';
      if (isSettled()) return resolve();
      const look = () => {
        if (!isSettled()) return;
        end();
        resolve();
      };
      const aborted = () => {
        end();
        reject(new ShoalError('CANCELLED', `stopped waiting for download ${this.number}`));
      };
      const end = () => {
        this.#waiters.delete(look);
        signal.removeEventListener('abort', aborted);
      };
      if (signal.aborted) return aborted();
      this.#waiters.add(look);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  status(): DownloadStatus {
    const { clock, wallMs } = this.#options;
    const { state, error, finalPath } = this.#progress;
    const nowMs = clock.nowMs();
    const figures = this.task.figures();
    const { bytesPerSecond, size, bytes, sources } = figures;
    const moving = state === 'fetching' && bytesPerSecond > 0;
    const cause = stallReason(this.#progress, { ...this.task.stallFacts(), sources, bytesPerSecond }, nowMs);
    return {
      ...figures,
      number: this.number,
      fileId: this.fileId,
      path: this.path,
      state,
      filesDone: this.fileId !== undefined && state === 'done' ? 1 : figures.filesDone,
      secondsLeft: moving ? Math.ceil((size - bytes) / bytesPerSecond) : undefined,
      reason: cause && causeText(cause),
      cause,
      error,
      finalPath,
      startedWallMs: wallMs,
      tookMs: this.#endedMs === undefined ? undefined : this.#endedMs - this.#startedMs,
    };
  }

  #handle(event: DownloadEvent): void {
    if (this.#closed) return;
    const before = this.#progress;
    const { next, actions } = decide(before, event, this.#options.clock.nowMs());
    this.#progress = next;
    if (next.state === 'done') this.#endedMs = this.#options.clock.nowMs();
    for (const action of actions) this.#act(action);
    if (next.state === before.state) return;
    this.#options.events.changed(this);
    if (isRunning(before.state) && !isRunning(next.state)) this.#options.events.stopped(this);
    for (const look of [...this.#waiters]) look();
  }

  #act(action: DownloadAction): void {
    const { task, events, clock } = this.#options;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (action === 'run') this.#start();
    else if (action === 'stop') this.#run?.abort();
    else if (action === 'discard') this.#then(() => task.discard());
    else if (action === 'remember paused') this.#then(() => task.setPaused(true));
    else if (action === 'remember resumed') this.#then(() => task.setPaused(false));
    else if (action === 'queue') events.queued(this);
    else {
      const retryInMs = (this.#progress.retryAtMs ?? 0) - clock.nowMs();
      this.#cancelRetry = clock.after(retryInMs, () => this.#handle({ kind: 'retryDue' }));
    }
  }

  #start(): void {
    const run = new AbortController();
    this.#run = run;
    this.#then(async () => {
      if (run.signal.aborted) return;
      const { task } = this.#options;
      const fetchedBefore = task.fetchedBytes;
      const runEvents = {
        sourcesChanged: (sources: number, described: boolean) =>
          this.#handle({ kind: 'sources', sources, described }),
        complete: () => this.#handle({ kind: 'complete' }),
      };
      try {
        const path = await task.run(run.signal, runEvents);
        this.#handle({ kind: 'finished', path });
      } catch (failure) {
        // Stopped by us: whoever stopped it has said what state it is in.
        if (run.signal.aborted) return;
        const progressed = task.fetchedBytes > fetchedBefore;
        this.#handle({ kind: 'stopped', error: asShoalError(failure, 'DISK_FAILED'), progressed });
      }
    });
  }

  /** One after the other: a run that was stopped has ended before what is on disk is deleted or a new one begins. */
  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((failure: unknown) => {
      // Deleting or marking what is left on disk failed: the download itself is over or paused all the same.
      this.#progress = { ...this.#progress, error: asShoalError(failure, 'DISK_FAILED') };
    });
  }
}

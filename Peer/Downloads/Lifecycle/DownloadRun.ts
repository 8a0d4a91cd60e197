import type { FileId } from '../../../Protocol/Ids.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { DownloadStatus } from '../../DownloadModel.ts';
import type { Task } from '../File/Task.ts';
import type { Rank } from '../Model.ts';
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
  /** FileId; undefined for a folder and for a drop. */
  readonly fileId: FileId | undefined;
  readonly task: Task;
  readonly rank: Rank;
  /** The peer, or the host of an HTTP client, that pushes the content; undefined: the user asked for it. */
  readonly pushedBy?: string | undefined;
  readonly clock: Clock;
  readonly wallMs: number;
  /** The user paused the download in an earlier program run. */
  readonly paused: boolean;
  /** Paths of which several contents exist. */
  readonly versions?: DownloadStatus['versions'];
  readonly events: DownloadRunEvents;
}

interface DownloadRunEvents {
  changed(download: DownloadRun): void;
  /** The download is queued: call `begin` when a slot is free. */
  queued(download: DownloadRun): void;
  /** The download has released its slot. */
  stopped(download: DownloadRun): void;
}

/** One download as shown to the user: executes the actions that `decide` returns. */
export class DownloadRun {
  readonly number: number;
  readonly path: string;
  readonly fileId: FileId | undefined;
  readonly task: Task;
  readonly rank: Rank;
  /** The sender that pushes the content; undefined once the user asks for it. */
  pushedBy: string | undefined;
  readonly #options: DownloadRunOptions;
  readonly #startedMs: number;
  readonly #observers = new Set<() => void>();
  #progress: DownloadProgress;
  #run: AbortController | undefined;
  /** Serializes all asynchronous work. */
  #work: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  #endedMs: number | undefined;
  #closed = false;

  constructor(options: DownloadRunOptions) {
    this.number = options.number;
    this.path = options.path;
    this.fileId = options.fileId;
    this.task = options.task;
    this.rank = options.rank;
    this.pushedBy = options.pushedBy;
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

  /** Starts the run when the download is queued. */
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

  /** Stops the run; the download is queued again. */
  yieldPlace(): void {
    this.#handle({ kind: 'yield' });
  }

  /** Ends the download; verified chunks are kept, and without any nothing stays. */
  fail(error: ShoalError): void {
    this.#run?.abort();
    if (this.task.figures().bytes === 0) void this.cancel();
    else this.#handle({ kind: 'stopped', error, progressed: false });
  }

  cancel(): Promise<void> {
    this.#handle({ kind: 'cancel' });
    return this.#work;
  }

  /** Ends the run and keeps the state for the next program start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#run?.abort();
    await this.#work;
  }

  /**
   * Resolves when the download is done, failed, paused or cancelled. @throws ShoalError CANCELLED when `signal`
   * aborts
   */
  settled(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const isSettled = () => hasEnded(this.state) || this.state === 'paused';
      if (isSettled()) return resolve();
      const observe = () => {
        if (!isSettled()) return;
        end();
        resolve();
      };
      const aborted = () => {
        end();
        reject(new ShoalError('CANCELLED', `stopped waiting for download ${this.number}`));
      };
      const end = () => {
        this.#observers.delete(observe);
        signal.removeEventListener('abort', aborted);
      };
      if (signal.aborted) return aborted();
      this.#observers.add(observe);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  status(): DownloadStatus {
    const { clock, wallMs } = this.#options;
    const versions = this.task.versions ?? this.#options.versions ?? [];
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
      rank: this.rank.value,
      state,
      filesDone: this.fileId !== undefined && state === 'done' ? 1 : figures.filesDone,
      secondsLeft: moving ? Math.ceil((size - bytes) / bytesPerSecond) : undefined,
      reason: cause && causeText(cause),
      cause,
      error,
      finalPath,
      ...(versions.length > 0 ? { versions } : {}),
      startedWallMs: wallMs,
      tookMs: this.#endedMs === undefined ? undefined : this.#endedMs - this.#startedMs,
    };
  }

  #handle(event: DownloadEvent): void {
    if (this.#closed) return;
    const before = this.#progress;
    const { next, actions } = decide(before, event, this.#options.clock.nowMs());
    this.#progress = next;
    for (const action of actions) this.#act(action);
    if (next.state === before.state) return;
    if (next.state === 'done') this.#endedMs = this.#options.clock.nowMs();
    this.#options.events.changed(this);
    if (isRunning(before.state) && !isRunning(next.state)) this.#options.events.stopped(this);
    for (const observe of [...this.#observers]) observe();
  }

  #act(action: DownloadAction): void {
    const { task, events, clock } = this.#options;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (action === 'run') this.#start();
    else if (action === 'stop') this.#run?.abort();
    else if (action === 'discard') this.#enqueue(() => task.discard());
    else if (action === 'remember paused') this.#enqueue(() => task.setPaused(true));
    else if (action === 'remember resumed') this.#enqueue(() => task.setPaused(false));
    else if (action === 'queue') events.queued(this);
    else {
      const retryInMs = (this.#progress.retryAtMs ?? 0) - clock.nowMs();
      this.#cancelRetry = clock.after(retryInMs, () => this.#handle({ kind: 'retryDue' }));
    }
  }

  #start(): void {
    const run = new AbortController();
    this.#run = run;
    this.#enqueue(async () => {
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
        // An aborted run has its new state already.
        if (run.signal.aborted) return;
        const progressed = task.fetchedBytes > fetchedBefore;
        this.#handle({ kind: 'stopped', error: asShoalError(failure, 'DISK_FAILED'), progressed });
      }
    });
  }

  /** Serializes steps: a stopped run has ended before its data is deleted or a new run begins. */
  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((failure: unknown) => {
      // The disk step failed; the download is over or paused all the same.
      this.#progress = { ...this.#progress, error: asShoalError(failure, 'DISK_FAILED') };
    });
  }
}

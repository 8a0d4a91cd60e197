import { Worker } from 'node:worker_threads';
import { whyNoNativeCalls } from '../../../Shared/Program/NativeCalls.ts';
import type { SendPath } from '../../NetworkModel.ts';
import type { FilePump, PumpOutcome } from '../Ports.ts';
import { type LinuxCalls, linuxCalls } from './LinuxCalls.ts';
import type { FileRun, PumpEnd, PumpOrder } from './Sendfile.ts';

/** The thread that sends. */
interface PumpThread {
  post(order: PumpOrder): void;
  /** Resolves when the thread is gone; it gets an order to close before. */
  gone(): Promise<void>;
}

/** Starts the thread of the pump. @param failed - called once, when it ended */
export type StartThread = (
  event: number,
  ended: (ends: readonly PumpEnd[]) => void,
  failed: (reason: string) => void,
) => PumpThread;

type Calls = Pick<LinuxCalls, 'duplicate' | 'openEvent' | 'raise' | 'close'>;

interface Started {
  readonly calls: Calls;
  readonly event: number;
  readonly thread: PumpThread;
  /** The thread runs: before, it gets no jobs, because what starts can fail. */
  isReady: boolean;
}

/** Time after which a thread that does not close, as in a read from a dead disk, is ended. */
const CLOSE_MS = 2_000;
/** Calls of `begin` without an attempt after a start failed for want of descriptors. */
const SKIPPED = 1_000;
const TOO_MANY_FILES = /EMFILE|ENFILE|too many open files|ERR_WORKER_INIT_FAILED/i;
/** errno of files, or file systems, that `sendfile` cannot read. */
const NOT_THESE_FILES: ReadonlySet<number> = new Set([22, 38, 75, 95]);

/**
 * Sends ranges of files to sockets without copying them through this process: `sendfile` on a thread of its own,
 * which is started by the first job. The pump duplicates both descriptors, so that neither can be closed, and its
 * number given to another connection, while a job uses it.
 */
export class Pump implements FilePump {
  readonly #load: () => Calls;
  readonly #start: StartThread;
  readonly #open = new Map<number, (outcome: PumpOutcome) => void>();
  #off: string | undefined;
  #started: Started | undefined;
  #skip = 0;
  #nextJob = 1;
  #nextLine = 1;

  /** @param off - why it is not used; undefined: it is */
  constructor(off = whyNoNativeCalls(), load: () => Calls = linuxCalls, start = startWorker) {
    this.#off = off;
    this.#load = load;
    this.#start = start;
  }

  get state(): SendPath {
    return { path: this.#off === undefined ? 'sendfile' : 'copy', reason: this.#off };
  }

  begin(): boolean {
    if (this.#off !== undefined) return false;
    if (this.#started === undefined && this.#skip-- <= 0) this.#startThread();
    return this.#started?.isReady === true;
  }

  newLine(): number {
    return this.#nextLine++;
  }

  send(line: number, socket: number, file: number, run: FileRun): Promise<PumpOutcome> | undefined {
    const started = this.#started;
    if (this.#off !== undefined || !started?.isReady) return undefined;
    const ownSocket = started.calls.duplicate(socket);
    if (ownSocket === undefined) return undefined;
    const ownFile = started.calls.duplicate(file);
    if (ownFile === undefined) {
      started.calls.close(ownSocket);
      return undefined;
    }
    const id = this.#nextJob++;
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      this.#order(started, { job: { id, line, socket: ownSocket, file: ownFile, run } });
    });
  }

  cancel(line: number): void {
    if (this.#started !== undefined) this.#order(this.#started, { cancel: line });
  }

  async close(): Promise<void> {
    const started = this.#started;
    this.#turnOff('the peer is closing');
    if (started === undefined) return;
    this.#order(started, 'close');
    await started.thread.gone();
  }

  #order(started: Started, order: PumpOrder): void {
    started.thread.post(order);
    started.calls.raise(started.event);
  }

  #startThread(): void {
    let calls: Calls | undefined;
    let event: number | undefined;
    try {
      calls = this.#load();
      event = calls.openEvent();
      if (event === undefined) throw new Error('EMFILE');
      const ended = (ends: readonly PumpEnd[]) => this.#ended(ends);
      const thread = this.#start(event, ended, (reason) => this.#stopped(reason));
      this.#started = { calls, event, thread, isReady: false };
    } catch (failure) {
      if (event !== undefined) calls?.close(event);
      this.#failed(failure instanceof Error ? failure.message : String(failure));
    }
  }

  /** Handles a start that failed: with too many open files it is tried again later. */
  #failed(reason: string): void {
    if (TOO_MANY_FILES.test(reason)) this.#skip = SKIPPED;
    else this.#turnOff(reason);
  }

  #ended(ends: readonly PumpEnd[]): void {
    if (this.#started !== undefined) this.#started.isReady = true;
    for (const { id, sent, failure } of ends) {
      const resolve = this.#open.get(id);
      this.#open.delete(id);
      if (typeof failure === 'number' && NOT_THESE_FILES.has(failure))
        this.#turnOff(`sendfile does not work here (errno ${failure})`);
      resolve?.({ sent, complete: failure === undefined });
    }
  }

  /**
   * Handles the end of the thread. Descriptors of jobs that it did not end stay open: it may have closed them, and
   * their numbers may be those of other connections by now.
   */
  #stopped(reason: string): void {
    const started = this.#started;
    if (started === undefined) return;
    this.#started = undefined;
    if (started.isReady) this.#turnOff(`its thread stopped: ${reason}`);
    else this.#failed(reason);
    started.calls.close(started.event);
    for (const resolve of this.#open.values()) resolve({ sent: 0, complete: false });
    this.#open.clear();
  }

  #turnOff(reason: string): void {
    this.#off ??= reason;
  }
}

/** Works in the built program only. The thread does not keep the process alive, except while it is being closed. */
const startWorker: StartThread = (event, ended, failed) => {
  const worker = new Worker(new URL('./PumpWorker.js', import.meta.url), { workerData: event });
  worker.unref();
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('message', ended);
  let reason = 'it ended';
  worker.once('error', (failure) => {
    reason = failure.message;
  });
  worker.once('exit', () => failed(reason));
  return {
    post: (order) => worker.postMessage(order),
    gone: async () => {
      worker.ref();
      const tooLong = setTimeout(() => void worker.terminate(), CLOSE_MS);
      await exited;
      clearTimeout(tooLong);
    },
  };
};

import { SYNC_BYTES, SYNC_MS } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { SyncQueue } from './SyncQueue.ts';

export interface PartSyncOptions {
  readonly clock: Clock;
  readonly queue: SyncQueue;
  /** Syncs the data, then appends a mark: the first `records` verified-records are durable. */
  readonly sync: (records: number) => Promise<void>;
  /** Reports a failed sync: chunks written since the last successful one cannot be trusted. */
  readonly failed: (reason: unknown) => void;
}

/** Schedules the syncs of an unfinished file: every 64 MiB or 2 s, in the background. */
export class PartSync {
  readonly #options: PartSyncOptions;
  #records: number;
  #bytes = 0;
  #dirty = false;
  #isQueued = false;
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  /** @param records - verified-records in the journal so far */
  constructor(records: number, options: PartSyncOptions) {
    this.#records = records;
    this.#options = options;
  }

  /** Counts an appended verified-record for a chunk of `bytes` bytes. */
  recorded(bytes: number): void {
    this.#records++;
    this.touched(bytes);
  }

  /** Marks the file as not yet durable. */
  touched(bytes: number): void {
    this.#bytes += bytes;
    this.#dirty = true;
    this.#plan();
  }

  /** Syncs pending data and stops. Never rejects: `failed` reports errors. */
  async finish(): Promise<void> {
    await this.stop();
    if (this.#dirty) await this.#run();
  }

  /** Stops without syncing. Resolves when no sync is running. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#options.queue.remove(this.#next);
    await this.#running;
  }

  #plan(): void {
    if (this.#stopped || this.#isQueued || this.#running !== undefined || !this.#dirty) return;
    if (this.#bytes >= SYNC_BYTES) this.#enqueue();
    else this.#cancelTimer ??= this.#options.clock.after(SYNC_MS, () => this.#enqueue());
  }

  #enqueue(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isQueued = true;
    this.#options.queue.add(this.#next);
  }

  readonly #next = (): Promise<void> => {
    this.#isQueued = false;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#plan();
    });
    return this.#running;
  };

  async #run(): Promise<void> {
    this.#dirty = false;
    this.#bytes = 0;
    try {
      await this.#options.sync(this.#records);
    } catch (failure) {
      this.#options.failed(failure);
    }
  }
}

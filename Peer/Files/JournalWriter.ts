import type { DiskFile } from './Disk.ts';

interface Waiting {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Appends records to a journal, one write at a time and in order, so that a failed one leaves no hole for later ones
 * to hide behind. Records that come while a write runs go together in the next.
 */
export class JournalWriter {
  readonly #file: DiskFile;
  #length: number;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** @param length - where the sound part of the journal ends */
  constructor(file: DiskFile, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Resolves when the record is written (not synced). */
  append(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const bytes = Buffer.concat(batch.map((entry) => entry.bytes));
      try {
        await this.#file.write(bytes, this.#length);
        this.#length += bytes.length;
        for (const entry of batch) entry.resolve();
      } catch (failure) {
        for (const entry of batch) entry.reject(failure);
      }
    }
    this.#running = undefined;
  }
}

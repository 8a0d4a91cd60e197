import { UnderWay } from '../../../Shared/Async/UnderWay.ts';
import type { DiskFile } from '../Disk/Disk.ts';

interface Waiting {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Appends records to a journal, one write at a time and in order, so that a failed write leaves no gap before later
 * records. Records appended during a write share the next one.
 */
export class JournalWriter {
  readonly #file: DiskFile;
  #length: number;
  #waiting: Waiting[] = [];
  readonly #writes = new UnderWay();

  /** @param length - of the valid part of the journal, in bytes */
  constructor(file: DiskFile, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Resolves when the record is written (not synced). */
  append(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      if (!this.#writes.any) this.#next();
    });
  }

  /** Resolves when no write is under way. */
  idle(): Promise<void> {
    return this.#writes.settled();
  }

  sync(): Promise<boolean> {
    return this.#file.datasync();
  }

  #next(): void {
    const batch = this.#waiting;
    const [first] = batch;
    if (first === undefined) return;
    this.#waiting = [];
    this.#writes.begin();
    const bytes = batch.length === 1 ? first.bytes : Buffer.concat(batch.map((entry) => entry.bytes));
    this.#write(bytes).then(
      () => {
        this.#length += bytes.length;
        for (const entry of batch) entry.resolve();
        this.#next();
        this.#writes.end();
      },
      (failure: unknown) => {
        for (const entry of batch) entry.reject(failure);
        this.#next();
        this.#writes.end();
      },
    );
  }

  #write(bytes: Buffer): Promise<void> {
    try {
      return this.#file.write(bytes, this.#length);
    } catch (failure) {
      return Promise.reject(failure); // The file is closed.
    }
  }
}

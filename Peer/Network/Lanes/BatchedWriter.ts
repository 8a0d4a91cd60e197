import { soon } from '../../../Shared/Async/Soon.ts';
import type { ByteStream } from '../../../Shared/Network/Transport.ts';

/** Backlog up to which a producer need not wait. */
const WRITABLE_BYTES = 1_048_576;

/**
 * Gathers small writes and hands them to the stream together at the end of the current event-loop turn: thousands of
 * requests become a few system calls. Writes before `open` are held back until then.
 */
export class BatchedWriter {
  #stream: ByteStream | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #underWayBytes = 0;
  #scheduled = false;
  #closed = false;
  readonly #waiting: (() => void)[] = [];

  /** Bytes not yet accepted by the operating system. */
  get backlogBytes(): number {
    return this.#pendingBytes + this.#underWayBytes;
  }

  open(stream: ByteStream): void {
    this.#stream = stream;
    this.flush();
  }

  write(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#scheduled || this.#stream === undefined) return;
    this.#scheduled = true;
    soon(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Hands the gathered writes to the stream now. */
  flush(): void {
    if (this.#stream === undefined || this.#pending.length === 0 || this.#closed) return;
    const [only] = this.#pending;
    const bytes = this.#pending.length === 1 && only !== undefined ? only : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#underWayBytes += bytes.length;
    this.#stream.write(bytes, () => {
      this.#underWayBytes -= bytes.length;
      if (this.backlogBytes <= WRITABLE_BYTES) this.#releaseWriters();
    });
  }

  /** Resolves when the backlog is small, or nothing more will be sent. */
  writable(): Promise<void> {
    if (this.backlogBytes <= WRITABLE_BYTES || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #releaseWriters(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Drops the gathered writes. */
  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#releaseWriters();
  }
}

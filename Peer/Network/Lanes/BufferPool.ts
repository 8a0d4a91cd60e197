import type { Clock } from '../../../Shared/Time/Clock.ts';

/** A reference-counted buffer that returns to its pool with the last release. */
export interface Pooled {
  readonly bytes: Buffer;
  /** Adds a holder. */
  hold(): void;
  release(): void;
}

/** Allocates a buffer. */
export type Memory = (bytes: number) => Buffer;

/**
 * Idle time after which spare buffers are freed. They stay while any buffer is in use: a fresh buffer costs the
 * zeroing by the system, and V8 answers much new external memory with a collection of the whole heap.
 */
const IDLE_MS = 5_000;
/**
 * Part of each pool that is never freed. It is a SharedArrayBuffer, which V8 does not count as external memory: with
 * 64 MiB counted, V8 collected once or twice in a download of 128 MiB, an eighth of the cost of a fresh process.
 * Uncounted memory is not collected in time either, so it is kept for good.
 */
const KEPT_BYTES = 20 * 1_048_576;

function sharedMemory(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}

/** Buffers of one size, bounded in number. Requests beyond the bound queue in order. */
export class BufferPool {
  readonly bufferBytes: number;
  readonly #max: number;
  readonly #clock: Clock;
  readonly #memory: Memory | undefined;
  readonly #kept: Buffer[] = [];
  readonly #spare: Buffer[] = [];
  /** Kept buffers that are not allocated yet. */
  #toKeep: number;
  readonly #waiting = new Set<(buffer: Pooled) => void>();
  #out = 0;
  #cancelTrim: (() => void) | undefined;
  readonly #mayGive: (taken: number) => boolean;

  /**
   * @param mayGive - asks, with the number in use, whether one more may be handed out. May be false only while a
   * buffer is due to be released.
   */
  constructor(
    bufferBytes: number,
    maxBytes: number,
    clock: Clock,
    memory?: Memory,
    mayGive: (taken: number) => boolean = () => true,
  ) {
    this.bufferBytes = bufferBytes;
    this.#clock = clock;
    this.#memory = memory;
    this.#mayGive = mayGive;
    this.#max = Math.max(1, Math.floor(maxBytes / bufferBytes));
    this.#toKeep = Math.ceil(KEPT_BYTES / bufferBytes);
  }

  /** Number of buffers in use. */
  get taken(): number {
    return this.#out;
  }

  /** Whether a request is queued. */
  get short(): boolean {
    return this.#waiting.size > 0;
  }

  /** A buffer with one holder. Undefined when none is free, or when requests are queued already. */
  take(): Pooled | undefined {
    return this.#full || this.#waiting.size > 0 ? undefined : this.#give();
  }

  /** Queues a request; `taker` is called later, in order. Returns the function that cancels it. */
  wait(taker: (buffer: Pooled) => void): () => void {
    this.#waiting.add(taker);
    return () => this.#waiting.delete(taker);
  }

  /** Resolves with a buffer as soon as one is free. */
  acquire(): Promise<Pooled> {
    const buffer = this.take();
    return buffer === undefined ? new Promise((resolve) => this.wait(resolve)) : Promise.resolve(buffer);
  }

  #give(): Pooled {
    this.#out++;
    this.#cancelTrim?.();
    this.#cancelTrim = undefined;
    const { bytes, list } = this.#free();
    let holders = 1;
    return {
      bytes,
      hold: () => {
        holders++;
      },
      release: () => {
        holders--;
        if (holders === 0) this.#takeBack(bytes, list);
        if (holders < 0) throw new RangeError('a buffer was released twice');
      },
    };
  }

  get #full(): boolean {
    return this.#out >= this.#max || !this.#mayGive(this.#out);
  }

  /** An unused buffer, and the list it returns to. */
  #free(): { readonly bytes: Buffer; readonly list: Buffer[] } {
    const kept = this.#kept.pop();
    if (kept !== undefined) return { bytes: kept, list: this.#kept };
    if (this.#toKeep > 0) {
      this.#toKeep--;
      return { bytes: (this.#memory ?? sharedMemory)(this.bufferBytes), list: this.#kept };
    }
    const memory = this.#memory ?? Buffer.allocUnsafeSlow;
    return { bytes: this.#spare.pop() ?? memory(this.bufferBytes), list: this.#spare };
  }

  #takeBack(bytes: Buffer, list: Buffer[]): void {
    this.#out--;
    list.push(bytes);
    if (this.#out === 0) this.#cancelTrim = this.#clock.after(IDLE_MS, () => void this.#spare.splice(0));
    for (const taker of this.#waiting) {
      if (this.#full) return;
      this.#waiting.delete(taker);
      taker(this.#give());
    }
  }
}

import type { Clock } from '../../../Shared/Clock.ts';

/** A buffer that returns to its pool when the last one who holds it lets go. */
export interface Pooled {
  readonly bytes: Buffer;
  /** One more holder. */
  hold(): void;
  release(): void;
}

/** Makes a buffer of so many bytes. */
export type Memory = (bytes: number) => Buffer;

/**
 * Free buffers are kept while any is in use: a fresh one costs the system's zeroing, and V8 answers to a lot of new
 * outside memory with a collection of the whole heap. When for so long none was in use, they go back to the system …
 */
const IDLE_MS = 5_000;
/**
 * … but for the first so many bytes of each pool, which stay. They lie in memory that threads could share, which V8 does not count: 64 MiB
 * of counted memory made it collect once or twice in a download of 128 MiB, an eighth of what that costs a fresh process. What is not
 * counted is not collected in time either, so none of it is ever let go.
 */
const KEPT_BYTES = 20 * 1_048_576;

function sharedMemory(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}

/** Buffers of one size, at most so many at once. Who finds none waits in line. */
export class BufferPool {
  readonly bufferBytes: number;
  readonly #max: number;
  readonly #clock: Clock;
  readonly #memory: Memory | undefined;
  readonly #kept: Buffer[] = [];
  readonly #spare: Buffer[] = [];
  /** How many may be made that are kept. */
  #toKeep: number;
  readonly #waiting = new Set<(buffer: Pooled) => void>();
  #out = 0;
  #cancelTrim: (() => void) | undefined;
  readonly #mayGive: (taken: number) => boolean;

  /** @param mayGive - asked with how many are held, before one is given: false only while somebody will let go of one */
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

  /** Buffers held by somebody. */
  get taken(): number {
    return this.#out;
  }

  /** Somebody waits for one. */
  get short(): boolean {
    return this.#waiting.size > 0;
  }

  /** A buffer held once; undefined: none is free, or others wait already. */
  take(): Pooled | undefined {
    return this.#full || this.#waiting.size > 0 ? undefined : this.#give();
  }

  /** Calls back with a buffer, later, in the order of asking. Returns how to give up. */
  wait(taker: (buffer: Pooled) => void): () => void {
    this.#waiting.add(taker);
    return () => this.#waiting.delete(taker);
  }

  /** A buffer as soon as there is one. */
  acquire(): Promise<Pooled> {
    const buffer = this.take();
    return buffer === undefined ? new Promise((resolve) => this.wait(resolve)) : Promise.resolve(buffer);
  }

  #give(): Pooled {
    this.#out++;
    this.#cancelTrim?.();
    this.#cancelTrim = undefined;
    const { bytes, home } = this.#free();
    let holders = 1;
    return {
      bytes,
      hold: () => {
        holders++;
      },
      release: () => {
        holders--;
        if (holders === 0) this.#takeBack(bytes, home);
        if (holders < 0) throw new RangeError('a buffer was released twice');
      },
    };
  }

  get #full(): boolean {
    return this.#out >= this.#max || !this.#mayGive(this.#out);
  }

  /** A buffer that nobody holds, and where it belongs. */
  #free(): { readonly bytes: Buffer; readonly home: Buffer[] } {
    const kept = this.#kept.pop();
    if (kept !== undefined) return { bytes: kept, home: this.#kept };
    if (this.#toKeep > 0) {
      this.#toKeep--;
      return { bytes: (this.#memory ?? sharedMemory)(this.bufferBytes), home: this.#kept };
    }
    const memory = this.#memory ?? Buffer.allocUnsafeSlow;
    return { bytes: this.#spare.pop() ?? memory(this.bufferBytes), home: this.#spare };
  }

  #takeBack(bytes: Buffer, home: Buffer[]): void {
    this.#out--;
    home.push(bytes);
    if (this.#out === 0) this.#cancelTrim = this.#clock.after(IDLE_MS, () => void this.#spare.splice(0));
    for (const taker of this.#waiting) {
      if (this.#full) return;
      this.#waiting.delete(taker);
      taker(this.#give());
    }
  }
}

import { writev } from 'node:fs';

/** Upper bound on buffers in one system call. */
const RUN_MAX = 8;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes to one file, one system call at a time: file systems admit one writer, and on ext4 waiting threads burnt a
 * third of a CPU second per GB. Pending writes that are adjacent share a call, because each call wakes a thread,
 * which costs as much as copying the bytes.
 */
export class WriteQueue {
  readonly #fd: number;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Resolves when all bytes are written (not synced). They must not change until then. */
  write(bytes: Uint8Array, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, position, resolve, reject });
      if (!this.#running) this.#next();
    });
  }

  #next(): void {
    const run = this.#takeRun();
    const [first] = run;
    this.#running = first !== undefined;
    if (first === undefined) return;
    const buffers = run.map(({ bytes }) => bytes);
    writeAll(this.#fd, buffers, first.position, (failure) => {
      this.#next();
      for (const { resolve, reject } of run) {
        if (failure === null) resolve();
        else reject(failure);
      }
    });
  }

  /** Takes the first pending write and the writes that continue it. Writes of other chunks in between stay pending. */
  #takeRun(): Waiting[] {
    const run: Waiting[] = [];
    const others: Waiting[] = [];
    let end = this.#waiting[0]?.position ?? 0;
    for (const each of this.#waiting) {
      const goesOn = each.position === end && run.length < RUN_MAX;
      if (goesOn && !others.some((other) => overlap(other, each))) {
        run.push(each);
        end += each.bytes.length;
      } else others.push(each);
    }
    this.#waiting = others;
    return run;
  }
}

/** Overlapping writes must keep their order. */
function overlap(one: Waiting, other: Waiting): boolean {
  return (
    one.position < other.position + other.bytes.length && other.position < one.position + one.bytes.length
  );
}

function writeAll(
  fd: number,
  buffers: readonly Uint8Array[],
  position: number,
  done: (failure: Error | null) => void,
): void {
  writev(fd, buffers, position, (failure, count) => {
    if (failure !== null) return done(failure);
    const rest = behind(buffers, count);
    if (rest.length === 0) done(null);
    else writeAll(fd, rest, position + count, done);
  });
}

/** Drops the first `count` bytes of `buffers`. */
function behind(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  return buffers.flatMap((bytes) => {
    const from = Math.min(skip, bytes.length);
    skip -= from;
    return from === bytes.length ? [] : [bytes.subarray(from)];
  });
}

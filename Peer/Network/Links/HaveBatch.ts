import type { FileId } from '../../../Protocol/Ids.ts';
import { HAVE_BATCH_MS } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';

const CHUNKS_PER_MESSAGE = 4_096;

/** Gathers chunks that arrived for 50 ms, so that many become one message. */
export class HaveBatch {
  readonly #clock: Clock;
  readonly #tell: (fileId: FileId, chunks: readonly number[]) => void;
  #chunks = new Map<FileId, number[]>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, tell: (fileId: FileId, chunks: readonly number[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(fileId: FileId, chunk: number): void {
    const chunks = this.#chunks.get(fileId);
    if (chunks === undefined) this.#chunks.set(fileId, [chunk]);
    else chunks.push(chunk);
    this.#cancel ??= this.#clock.after(HAVE_BATCH_MS, () => this.#flush());
  }

  /** Nothing more is to be told of a file. */
  drop(fileId: FileId): void {
    this.#chunks.delete(fileId);
  }

  close(): void {
    this.#cancel?.();
    this.#chunks.clear();
  }

  #flush(): void {
    this.#cancel = undefined;
    const gathered = this.#chunks;
    this.#chunks = new Map();
    for (const [fileId, chunks] of gathered) {
      for (let at = 0; at < chunks.length; at += CHUNKS_PER_MESSAGE)
        this.#tell(fileId, chunks.slice(at, at + CHUNKS_PER_MESSAGE));
    }
  }
}

import { type ChunkLayout, chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { PIECE_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import { FileFetch } from '../File/FileFetch.ts';
import type { FileContext, TaskContext } from '../File/Task.ts';
import type { FileWish, Rank } from '../Model.ts';
import type { ReadWindow, ReadWindows } from '../Picking/ReadWindows.ts';
import type { LocalChunks } from '../Ports.ts';
import { ChunkMemory } from './ChunkMemory.ts';

/** Memory for the chunks of one file: enough ahead of a reader for several sources at full speed. */
const MEMORY_BYTES = 64 * 1_024 * 1_024;
/** Time to find a first source. */
const FIND_MS = 10_000;
/** Time without a chunk that a reader waits for; its request fails then. */
const WAIT_MS = 60_000;
/** Steps in which a window moves on: each wakes all sources. */
const STEPS = 8;
/** Polling interval for chunks that another download fetches. */
const FOLLOW_MS = 20;

export interface FileStreamOptions {
  readonly wish: FileWish;
  readonly context: TaskContext;
  readonly local: LocalChunks | undefined;
  readonly priority: Rank;
  /** Waits for sources and data as long as a download does. */
  readonly isPatient: boolean;
}

/** A range of a file that is read in order while it is fetched. */
export interface StreamRange {
  readonly from: number;
  readonly to: number;
}

interface Reader {
  readonly window: ReadWindow;
  /** Last chunk to read. */
  readonly last: number;
}

/**
 * One content that is read while it is fetched: only the chunks that its readers need next, kept in memory. A slow
 * reader slows the fetch, a reader that seeks is a new one. Chunks of an unfinished download are read from there.
 */
export class FileStream {
  readonly fileId: FileId;
  readonly #options: FileStreamOptions;
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<() => void>();
  #memory: ChunkMemory | undefined;
  #fetch:
    | { readonly task: FileFetch; readonly stop: AbortController; readonly ended: Promise<void> }
    | undefined;
  /** Receives the windows now. */
  #windows: ReadWindows | undefined;
  #failure: ShoalError | undefined;
  #closed = false;

  constructor(options: FileStreamOptions) {
    this.#options = options;
    this.fileId = options.wish.fileId;
  }

  /** The reason why it ended; undefined: it can be read. */
  get failure(): ShoalError | undefined {
    return this.#failure;
  }

  /** Readers that have room for their windows. */
  get readersMax(): number {
    const layout = this.#layout();
    return layout === undefined ? Number.POSITIVE_INFINITY : chunksMax(layout);
  }

  /** Resolves with the verified size of the file. @throws ShoalError NOT_FOUND, TIMEOUT, CANCELLED; why it ended */
  async size(signal: AbortSignal): Promise<number> {
    this.tick();
    const deadline = this.#deadline();
    for (;;) {
      const layout = this.#layout();
      if (layout !== undefined) return layout.size;
      deadline();
      await this.#change(signal);
    }
  }

  /**
   * Yields the bytes of a range in order. A piece is valid until the next one is requested.
   * @throws ShoalError CANCELLED, TIMEOUT; why the stream ended
   */
  async *read({ from, to }: StreamRange, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    await this.size(signal);
    const layout = this.#layout();
    if (layout === undefined || from >= to) return;
    const first = Math.floor(from / layout.chunkBytes);
    const last = Math.floor((to - 1) / layout.chunkBytes);
    const reader = { window: { first, end: first + 1 }, last };
    this.#readers.add(reader);
    let isDone = false;
    try {
      this.#moved(layout);
      this.#windows?.add(reader.window);
      for (let offset = from; offset < to; ) {
        const chunk = Math.floor(offset / layout.chunkBytes);
        if (chunk !== reader.window.first) {
          reader.window.first = chunk;
          this.#moved(layout);
        }
        const within = offset - chunk * layout.chunkBytes;
        const length = Math.min(to - offset, chunkLength(layout, chunk) - within, PIECE_BYTES_MAX);
        yield await this.#piece(chunk, within, length, signal);
        offset += length;
      }
      isDone = true;
    } finally {
      if (!isDone) this.#memory?.lend(reader.window.first);
      this.#readers.delete(reader);
      this.#windows?.delete(reader.window);
      this.#moved(layout);
    }
  }

  /** Called regularly. */
  tick(): void {
    this.#choose();
    this.#fetch?.task.tick();
  }

  /** Follows the download of the content, or fetches it. */
  #choose(): void {
    if (this.#closed || this.#failure !== undefined) return;
    const download = this.#options.context.opened.get(this.fileId);
    if (download !== undefined) this.#stopFetch();
    else if (this.#fetch === undefined) this.#startFetch();
    this.#attach(download ?? this.#fetch?.task.readers);
  }

  /** Adds a holder that was found meanwhile. */
  addHolder(...holder: Parameters<FileFetch['addHolder']>): void {
    this.#fetch?.task.addHolder(...holder);
  }

  /** Ends all readers. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#failure ??= new ShoalError('CLOSED', 'the peer is closing');
    this.#attach(undefined);
    const ended = this.#fetch?.ended;
    this.#stopFetch();
    this.#wake();
    await ended;
  }

  #startFetch(): void {
    const { wish, context, priority, isPatient } = this.#options;
    const stop = new AbortController();
    const task = new FileFetch(this.#memoryContext(context), {
      ...wish,
      order: 'in order',
      onlyRead: true,
      ...(isPatient ? {} : { giveUpMs: FIND_MS }),
      priority,
    });
    const events = { sourcesChanged: () => {}, complete: () => {} };
    const ended = task.run(stop.signal, events).then(
      () => {},
      (failure: unknown) => {
        if (stop.signal.aborted) return;
        this.#failure ??= asShoalError(failure, 'UNREACHABLE');
        this.#wake();
      },
    );
    this.#fetch = { task, stop, ended };
  }

  #stopFetch(): void {
    this.#fetch?.stop.abort();
    this.#fetch = undefined;
  }

  /** A context that stores in memory: no file is found, opened or installed. */
  #memoryContext({ delivered: _, uncatalogued: __, ...context }: TaskContext): FileContext {
    const parts: FileContext['parts'] = {
      findComplete: () => undefined,
      copyComplete: async () => '',
      setPaused: async () => {},
      discardUnfinished: async () => {},
      describeUnfinished: async () => this.#memory?.description,
      open: async (description, path) => {
        this.#memory ??= new ChunkMemory({
          description,
          path,
          chunksMax: chunksMax(description.layout),
          needed: (chunk) =>
            [...this.#readers].some(({ window }) => chunk >= window.first && chunk < window.end),
          verified: () => this.#wake(),
        });
        this.#wake();
        return this.#memory;
      },
    };
    return { ...context, parts, opened: new Map() };
  }

  /** Moves the windows to the fetch that serves them now. */
  #attach(windows: ReadWindows | undefined): void {
    if (this.#windows === windows) return;
    const before = this.#windows;
    this.#windows = windows;
    for (const { window } of this.#readers) {
      before?.delete(window);
      windows?.add(window);
    }
  }

  /** Shares the memory among the readers. */
  #moved(layout: ChunkLayout): void {
    const ahead = Math.max(1, Math.floor(chunksMax(layout) / Math.max(1, this.#readers.size)));
    const step = Math.max(1, Math.floor(ahead / STEPS));
    let isMoved = false;
    for (const { window, last } of this.#readers) {
      const end = Math.min(last + 1, Math.floor((window.first + ahead) / step) * step);
      isMoved ||= end !== window.end;
      window.end = end;
    }
    if (isMoved) this.#windows?.moved();
  }

  #layout(): ChunkLayout | undefined {
    if (this.#memory !== undefined) return this.#memory.description.layout;
    const size = this.#options.local?.sizeOf(this.fileId);
    return size === undefined ? undefined : chunkLayout(size);
  }

  async #piece(chunk: number, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const { local } = this.#options;
    const deadline = this.#deadline();
    for (;;) {
      const bytes = this.#memory?.chunk(chunk);
      if (bytes !== undefined) return bytes.subarray(offset, offset + length);
      const held = local?.holdings(this.fileId);
      if (held === 'all' || held?.has(chunk)) {
        const piece = await this.#local(chunk, offset, length);
        if (piece !== undefined) return piece;
      }
      deadline();
      await this.#change(signal);
    }
  }

  /** A function that throws once WAIT_MS are over. */
  #deadline(): () => void {
    const { isPatient, context } = this.#options;
    const untilMs = isPatient ? Number.POSITIVE_INFINITY : context.clock.nowMs() + WAIT_MS;
    return () => {
      if (context.clock.nowMs() >= untilMs)
        throw new ShoalError('TIMEOUT', 'the sources send no data', { hint: 'Try again later.' });
    };
  }

  /** Reads from the disk; undefined: the part file is being moved into the share. */
  async #local(chunk: number, offset: number, length: number): Promise<Uint8Array | undefined> {
    const piece = Buffer.allocUnsafe(length);
    try {
      await this.#options.local?.read(this.fileId, chunk, offset, piece);
      return piece;
    } catch {
      return undefined;
    }
  }

  /** Resolves after a change, or soon. @throws ShoalError why the stream ended, CANCELLED */
  async #change(signal: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (signal.aborted) throw new ShoalError('CANCELLED', 'interrupted');
    await new Promise<void>((resolve) => {
      const done = () => {
        cancelTimer();
        stopListening();
        this.#waiting.delete(done);
        resolve();
      };
      const cancelTimer = this.#options.context.clock.after(FOLLOW_MS, done);
      const stopListening = onAbort(signal, done);
      this.#waiting.add(done);
    });
    // A download of the content may have begun or ended.
    this.#choose();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

/** Chunks in memory: at least two, so that one arrives while the other one is read. */
function chunksMax({ chunkBytes }: ChunkLayout): number {
  return Math.max(2, Math.floor(MEMORY_BYTES / chunkBytes));
}

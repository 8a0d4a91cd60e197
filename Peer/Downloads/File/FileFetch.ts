import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { CHUNK_BYTES_MIN } from '../../../Protocol/Limits.ts';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import { sleep } from '../../../Shared/Time/Clock.ts';
import { RateMeter } from '../../../Shared/Time/RateMeter.ts';
import type { FileHolder } from '../../Model.ts';
import type { Part } from '../../Storage.ts';
import type { FileWish, Rank, Verdict } from '../Model.ts';
import { ReadWindows } from '../Picking/ReadWindows.ts';
import { RenamedPaths } from '../RenamedPaths.ts';
import { Blames } from '../Sources/Blames.ts';
import { DescriptionFetch } from '../Sources/DescriptionFetch.ts';
import type { FileSource } from '../Sources/FileSource.ts';
import { FileSources } from '../Sources/FileSources.ts';
import { UnitFetch } from '../Sources/UnitFetch.ts';
import { chunkWork, verifiedBytes } from './ChunkWork.ts';
import type { FileContext, RunEvents, StallFacts, Task, TaskFigures } from './Task.ts';
import { downloadStopped, fileChanged, noSource } from './Task.ts';

/** Poll interval while another download fetches the same content; its result is copied. */
const OTHER_DOWNLOAD_MS = 1_000;
/** Time after which a file fails that every source has lost: one that was only renamed is hashed again by then. */
const CHANGED_MS = 30_000;
/** The content without bytes. */
const EMPTY = fileIdOf(0, []);

export interface FileFetchOptions extends FileWish {
  /** Number of the download; lower numbers are served first. */
  readonly priority: Rank;
  /** Fails when every known holder has refused the file for this long. Undefined: never. */
  readonly exhaustedMs?: number;
  /** Fetches only the chunks that readers need, until it is stopped. */
  readonly onlyRead?: true;
  /** Verified bytes of an earlier run, as far as known before the part file is opened. */
  readonly bytesBefore?: number | undefined;
}

/** Fetches one file from all its holders. */
export class FileFetch implements Task {
  /** Chunks that readers of the growing file need next are requested first. */
  readonly readers = new ReadWindows();
  readonly #context: FileContext;
  readonly #options: FileFetchOptions;
  readonly #sources: FileSources;
  readonly #blames: Blames;
  readonly #meter = new RateMeter();
  readonly #renamed = new RenamedPaths(() => []);
  #description: FileDescription | undefined;
  #part: Part | undefined;
  #chunks: UnitFetch | undefined;
  #descriptionFetch: DescriptionFetch | undefined;
  #runEvents: RunEvents | undefined;
  #stop: ((reason: ShoalError) => void) | undefined;
  #bytes = 0;
  #bytesFromBefore = 0;
  #wastedBytes = 0;
  #fetchedBytes = 0;
  #hadSource = false;
  #sameContent = false;
  #startedMs: number | undefined;
  #exhaustedSinceMs: number | undefined;

  constructor(context: FileContext, options: FileFetchOptions) {
    const { fileId, holders, bytesBefore = 0 } = options;
    this.#context = context;
    this.#options = options;
    this.#bytes = bytesBefore;
    this.#bytesFromBefore = bytesBefore;
    this.#sources = new FileSources(
      {
        ...context,
        content: {
          name: fileId,
          // A complete holder of one chunk need not send its holdings.
          open: (holder, events, signal) => {
            const known = this.#isOneChunk && holder.complete ? 'complete' : undefined;
            return context.network.openSource(holder, fileId, events, signal, known);
          },
          locate: (signal) => context.network.queries.locate(fileId, signal),
        },
      },
      {
        active: (source) => this.#joined(source),
        haveChanged: (source) => this.#chunks?.haveChanged(source),
        suggested: (source) => this.#chunks?.suggested(source),
        queued: (source) => this.#chunks?.queued(source),
        turn: ({ peer }, bytes) => context.dispatcher.turn(peer, bytes),
        received: (bytes) => this.#meter.add(bytes, context.clock.nowMs()),
        late: (bytes) => {
          this.#wastedBytes += bytes;
        },
        left: (source) => this.#left(source),
      },
    );
    this.#blames = new Blames(fileId, context.clock, (...blame) => this.#blamed(...blame));
    this.#sources.add(holders);
  }

  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  /** Whether a source is connected. */
  get hasSource(): boolean {
    return this.#sources.active().length > 0;
  }

  async run(signal: AbortSignal, runEvents: RunEvents): Promise<string> {
    const { fileId } = this.#options;
    const { opened, clock } = this.#context;
    const run = new AbortController();
    const all = AbortSignal.any([signal, run.signal]);
    const stopped = new Promise<never>((_, reject) => {
      this.#stop = reject;
      if (signal.aborted) reject(downloadStopped());
    });
    stopped.catch(() => {});
    // The signal of a folder outlives this file: the listener must be removed.
    const stopWaiting = onAbort(signal, () => this.#stop?.(downloadStopped()));
    this.#runEvents = runEvents;
    this.#startedMs ??= clock.nowMs();
    this.#exhaustedSinceMs = undefined;
    let kept = true;
    let opening = false;
    try {
      for (;;) {
        const present = await this.#present();
        if (present !== undefined) return present;
        if (!opened.has(fileId)) break;
        this.#sameContent = true;
        await Promise.race([sleep(clock, OTHER_DOWNLOAD_MS, all), stopped]);
      }
      this.#sameContent = false;
      opened.set(fileId, this.readers);
      opening = true;
      if (fileId === EMPTY) this.#description = { fileId, layout: chunkLayout(0), chunkHashes: [] };
      this.#description ??= await this.#context.parts.describeUnfinished(fileId);
      if (fileId !== EMPTY) this.#sources.start(all);
      this.#description ??= await Promise.race([this.#describe(all), stopped]);
      this.#part = await this.#open(this.#description, signal);
      if (fileId !== EMPTY) await Promise.race([this.#fetch(this.#part), stopped]);
      runEvents.complete();
      run.abort();
      await this.#endFetch();
      const finalPath = await this.#part.finish();
      kept = false;
      this.#renamed.add(this.#options.path, finalPath);
      return finalPath;
    } finally {
      stopWaiting();
      this.#runEvents = undefined;
      run.abort();
      await this.#endFetch();
      if (kept) await this.#part?.close().catch(() => {});
      this.#part = undefined;
      if (opening) opened.delete(fileId);
    }
  }

  async discard(): Promise<void> {
    await this.#context.parts.discardUnfinished(this.#options.fileId);
    this.#bytes = 0;
    this.#bytesFromBefore = 0;
  }

  async setPaused(paused: boolean): Promise<void> {
    if (this.#isOneChunk) return;
    // Fails when no part file exists yet; the state is then kept in memory only.
    await this.#context.parts.setPaused(this.#options.fileId, paused).catch(() => {});
  }

  addHolder(fileId: FileId, holder: FileHolder): void {
    if (fileId === this.#options.fileId) this.#sources.add([holder]);
  }

  tick(): void {
    if (this.#runEvents === undefined || this.#part?.verified.complete) return;
    this.#sources.tick();
    this.#descriptionFetch?.tick(this.#sources.active());
    const nowMs = this.#context.clock.nowMs();
    const { giveUpMs, exhaustedMs, path } = this.#options;
    if (giveUpMs !== undefined && !this.#hadSource && nowMs - (this.#startedMs ?? nowMs) >= giveUpMs) {
      this.#stop?.(noSource(path));
    }
    if (this.#sources.exhausted) this.#exhaustedSinceMs ??= nowMs;
    else this.#exhaustedSinceMs = undefined;
    const changedAt = this.#sources.changedAt;
    if (changedAt !== undefined && nowMs - (this.#exhaustedSinceMs ?? nowMs) >= CHANGED_MS) {
      this.#stop?.(fileChanged(path, changedAt));
    }
    if (exhaustedMs !== undefined && nowMs - (this.#exhaustedSinceMs ?? nowMs) >= exhaustedMs) {
      this.#stop?.(noSource(path));
    }
  }

  figures(): TaskFigures {
    const layout = this.#description?.layout;
    return {
      size: this.#size,
      bytes: this.#bytes,
      bytesFromBefore: this.#bytesFromBefore,
      wastedBytes: this.#wastedBytes,
      bytesPerSecond:
        this.#runEvents === undefined ? 0 : this.#meter.bytesPerSecond(this.#context.clock.nowMs()),
      sources: this.#sources.status(layout?.chunkCount ?? 0),
      filesDone: 0,
      files: 1,
      renamed: this.#renamed.count,
    };
  }

  stallFacts(): StallFacts {
    const { network } = this.#context;
    const active = this.#sources.active();
    const limits = active.flatMap(({ peer }) => network.limitFor?.(peer.holder) ?? []);
    return {
      sameContent: this.#sameContent,
      nextLocateInMs: this.#sources.nextLocateInMs,
      hasTracker: network.hasTracker?.() ?? true,
      limitBytesPerSecond: limits.length > 0 ? Math.min(...limits) : undefined,
      noUsefulSource:
        this.#part !== undefined && !active.some((source) => this.#hasMissing(source, this.#part)),
    };
  }

  #hasMissing({ source }: FileSource, part: Part | undefined): boolean {
    const have = source?.have;
    if (source === undefined || part === undefined) return false;
    if (have === undefined || have.complete) return !part.verified.complete;
    const bytes = Math.ceil(have.size / 8);
    const [theirs, ours] = [have.page(0, bytes), part.verified.page(0, bytes)];
    return theirs.some((byte, at) => (byte & ~(ours[at] ?? 0)) !== 0);
  }

  /** The true size once the file is described; before, a claim of a holder. */
  get #size(): number {
    return this.#description?.layout.size ?? this.#options.size;
  }

  get #isOneChunk(): boolean {
    return this.#size <= CHUNK_BYTES_MIN;
  }

  /**
   * Finds the content where it was delivered, or copies it to the wanted path when the share has it under any name. A
   * pushed or resumed file may be in the share before the first scan reaches it.
   */
  async #present(): Promise<string | undefined> {
    const { fileId, path } = this.#options;
    const { parts, delivered, uncatalogued } = this.#context;
    const isInShare = parts.findComplete(fileId) !== undefined;
    const finalPath = isInShare
      ? await parts.copyComplete(fileId, path, this.#options)
      : await (delivered ?? uncatalogued)?.find(fileId, this.#size, path);
    if (finalPath === undefined) return undefined;
    if (isInShare) this.#renamed.add(path, finalPath); // Elsewhere its user may have chosen another name.
    this.#bytesFromBefore = this.#size - this.#fetchedBytes;
    this.#bytes = this.#size;
    return finalPath;
  }

  async #open(description: FileDescription, signal: AbortSignal): Promise<Part> {
    const { fileId, path } = this.#options;
    const part = await this.#context.parts.open(description, path, this.#options, signal);
    this.#bytes = verifiedBytes(part);
    this.#bytesFromBefore = Math.max(0, this.#bytes - this.#fetchedBytes);
    if (signal.aborted) {
      await part.close();
      throw downloadStopped();
    }
    if (!this.#isOneChunk) this.#context.events.partialStarted(fileId);
    return part;
  }

  #describe(signal: AbortSignal): Promise<FileDescription> {
    this.#descriptionFetch = new DescriptionFetch(this.#context.clock, signal, (source, reason) => {
      if (reason.code === 'INTEGRITY') this.#blames.add(source);
      if (reason.code === 'NOT_FOUND' || reason.code === 'INTEGRITY') source.leave(true);
      this.#descriptionFetch?.tick(this.#sources.active());
    });
    this.#descriptionFetch.tick(this.#sources.active());
    return this.#descriptionFetch.description;
  }

  #fetch(part: Part): Promise<void> {
    return new Promise((resolve, reject) => {
      const { order = 'any', priority, onlyRead } = this.#options;
      this.#descriptionFetch = undefined;
      const chunks = new UnitFetch({
        ...this.#context,
        work: chunkWork(part, { order, onlyRead, readers: this.readers }),
        priority,
        expected: () => this.#sources.expected,
        events: {
          verified: (bytes) => {
            this.#bytes += bytes;
            this.#fetchedBytes += bytes;
          },
          wasted: (bytes) => {
            this.#wastedBytes += bytes;
          },
          corrupt: (source, chunk) => this.#blames.add(source, chunk),
          complete: onlyRead ? () => {} : resolve,
          failed: reject,
        },
      });
      this.#chunks = chunks;
      if (chunks.complete && !onlyRead) return resolve();
      for (const source of this.#sources.active()) chunks.join(source);
      this.#reportSources();
    });
  }

  async #endFetch(): Promise<void> {
    const chunks = this.#chunks;
    this.#blames.settle();
    this.#sources.stop();
    this.#chunks = undefined;
    this.#descriptionFetch = undefined;
    await chunks?.close();
  }

  #joined(source: FileSource): void {
    this.#hadSource = true;
    this.#chunks?.join(source);
    this.#descriptionFetch?.tick(this.#sources.active());
    this.#reportSources();
  }

  #left(source: FileSource): void {
    this.#chunks?.leave(source);
    this.#reportSources();
  }

  #reportSources(): void {
    this.#runEvents?.sourcesChanged(this.#sources.active().length, this.#chunks !== undefined);
  }

  #blamed({ peer }: FileSource, verdict: Verdict): void {
    const { dispatcher, events } = this.#context;
    events.sourceBlamed(peer.holder, this.#options.path, verdict);
    if (verdict === 'banned') dispatcher.ban(peer);
  }
}

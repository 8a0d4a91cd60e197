import type { FileId } from '../../../Protocol/Ids.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import type { SourceStatus } from '../../DownloadModel.ts';
import type { FileHolder } from '../../Model.ts';
import type { FolderFile } from '../../Storage.ts';
import { FileFetch } from '../File/FileFetch.ts';
import type { StallFacts, TaskContext } from '../File/Task.ts';
import type { Rank } from '../Model.ts';

/** Time for which all known holders refuse a large file until it fails: six tracker queries. */
const EXHAUSTED_MS = 35_000;

/** Sums of the figures of several files. */
export interface LargeFigures {
  readonly bytes: number;
  readonly bytesFromBefore: number;
  readonly wastedBytes: number;
  readonly bytesPerSecond: number;
  readonly sources: readonly SourceStatus[];
}

/** The files of a folder that are fetched in chunks, each by itself. */
export class LargeFiles {
  readonly #context: TaskContext;
  readonly #priority: Rank;
  /** Verified bytes of unfinished files that this run has not opened yet. */
  readonly #unopened: Map<FileId, number>;
  readonly #files = new Map<FileId, FileFetch>();

  constructor(context: TaskContext, priority: Rank, unopened: Map<FileId, number>) {
    this.#context = context;
    this.#priority = priority;
    this.#unopened = unopened;
  }

  /** Number of files with a connected source. */
  get withSource(): number {
    return [...this.#files.values()].filter(({ hasSource }) => hasSource).length;
  }

  get fetchedBytes(): number {
    return this.#sum(({ fetchedBytes }) => fetchedBytes);
  }

  /** Verified bytes of a file. */
  bytesOf(fileId: FileId): number {
    return this.#files.get(fileId)?.figures().bytes ?? this.#unopened.get(fileId) ?? 0;
  }

  /**
   * Fetches a file. Returns its absolute path, or why no source delivered it. Rejects only with failures of the whole
   * folder: a disk, or the end of the run.
   */
  async fetch(
    file: FolderFile,
    signal: AbortSignal,
    sourcesChanged: () => void,
  ): Promise<string | ShoalError> {
    const { fileId } = file;
    const bytesBefore = this.#unopened.get(fileId);
    const options = { ...file, priority: this.#priority, exhaustedMs: EXHAUSTED_MS, bytesBefore };
    const fetch = this.#files.get(fileId) ?? new FileFetch(this.#context, options);
    this.#files.set(fileId, fetch);
    this.#unopened.delete(fileId);
    const runEvents = { sourcesChanged, complete: () => {} };
    try {
      return await fetch.run(signal, runEvents).catch(async (failure: unknown) => {
        if (asShoalError(failure, 'DISK_FAILED').code !== 'PART_FILE_GONE') throw failure;
        await fetch.discard();
        return fetch.run(signal, runEvents);
      });
    } catch (failure) {
      const error = asShoalError(failure, 'DISK_FAILED');
      if (error.code === 'CANCELLED' || error.code === 'DISK_FULL' || error.code === 'DISK_FAILED')
        throw error;
      return error;
    }
  }

  async discard(): Promise<void> {
    for (const file of this.#files.values()) await file.discard();
  }

  /** @param isDone - whether a file is complete */
  async setPaused(paused: boolean, isDone: (fileId: FileId) => boolean): Promise<void> {
    for (const [fileId, file] of this.#files) if (!isDone(fileId)) await file.setPaused(paused);
  }

  addHolder(fileId: FileId, holder: FileHolder): void {
    this.#files.get(fileId)?.addHolder(fileId, holder);
  }

  tick(): void {
    for (const file of this.#files.values()) file.tick();
  }

  figures(): LargeFigures {
    const all = [...this.#files.values()].map((file) => file.figures());
    const sum = (pick: (figures: LargeFigures) => number) =>
      all.reduce((total, each) => total + pick(each), 0);
    return {
      bytes: sum(({ bytes }) => bytes),
      bytesFromBefore: sum(({ bytesFromBefore }) => bytesFromBefore),
      wastedBytes: sum(({ wastedBytes }) => wastedBytes),
      bytesPerSecond: sum(({ bytesPerSecond }) => bytesPerSecond),
      sources: all.flatMap(({ sources }) => sources),
    };
  }

  stallFacts(): readonly StallFacts[] {
    return [...this.#files.values()].map((file) => file.stallFacts());
  }

  #sum(amount: (file: FileFetch) => number): number {
    let sum = 0;
    for (const file of this.#files.values()) sum += amount(file);
    return sum;
  }
}

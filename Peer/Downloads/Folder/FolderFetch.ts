import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import { RateMeter } from '../../../Shared/Time/RateMeter.ts';
import type { FileVersions } from '../../DownloadModel.ts';
import type { FileHolder } from '../../Model.ts';
import type { FolderFile, NamedFolder } from '../../Storage.ts';
import type { RunEvents, StallFacts, Task, TaskContext, TaskFigures } from '../File/Task.ts';
import { downloadStopped, noSource } from '../File/Task.ts';
import type { FolderWish, Rank } from '../Model.ts';
import { mergeSources } from '../Sources/MergeSources.ts';
import { FailedFiles } from './FailedFiles.ts';
import { FolderFiles, STATE } from './FolderFiles.ts';
import { FolderProgress, type Placement } from './FolderProgress.ts';
import { inParallel } from './InParallel.ts';
import { LargeFiles } from './LargeFiles.ts';
import { OlderVersions } from './OlderVersions.ts';
import { placePresent } from './PresentFiles.ts';
import type { SavedFolder } from './SavedFolder.ts';
import { SmallFiles } from './SmallFiles.ts';

/** Concurrent files of several chunks: one finishes or locates sources while others transfer. */
const LARGE_AT_ONCE = 8;
/** Concurrent empty files. */
const EMPTY_AT_ONCE = 64;
export interface FolderFetchOptions extends FolderWish {
  /** Number of the download; lower numbers are served first. */
  readonly priority: Rank;
  readonly record: SavedFolder;
  /** Verified bytes of the unfinished files of an earlier run. */
  readonly before?: ReadonlyMap<FileId, number>;
}

/** Rows of contents that are to be fetched, by the way. */
interface OpenRows {
  readonly empty: number[];
  readonly small: number[];
  readonly large: number[];
}

/** Fetches all files of a folder: small files in bundles, large ones as single files, equal contents once. */
export class FolderFetch implements Task {
  readonly #context: TaskContext;
  readonly #options: FolderFetchOptions;
  readonly #files: FolderFiles;
  readonly #large: LargeFiles;
  readonly #meter = new RateMeter();
  /** Path of the folder until it is complete; undefined: it has its name from the start. */
  readonly #incomplete: string | undefined;
  readonly #progress: FolderProgress;
  readonly #versions: OlderVersions;
  readonly #failed: FailedFiles;
  #small: SmallFiles | undefined;
  /** The folder is complete and has its name. */
  #complete: NamedFolder | undefined;
  #runEvents: RunEvents | undefined;
  #stop: ((reason: ShoalError) => void) | undefined;
  #smallLeft = 0;
  #startedMs: number | undefined;
  #hadSource = false;

  constructor(context: TaskContext, options: FolderFetchOptions) {
    const { path, files, before } = options;
    this.#context = context;
    this.#options = options;
    // Delivered files are moved to their place together, when all are complete.
    this.#incomplete = context.delivered === undefined ? context.parts.incompleteFolder?.(path) : undefined;
    this.#files = new FolderFiles(files, this.#incomplete, context.random);
    this.#failed = new FailedFiles(this.#files);
    this.#versions = new OlderVersions(options.versions, this.#incomplete);
    this.#progress = new FolderProgress({ path, before, incomplete: this.#incomplete, files: this.#files });
    this.#large = new LargeFiles(context, options.priority, this.#progress.unopened);
  }

  get versions(): readonly FileVersions[] {
    return this.#versions.all;
  }

  get fetchedBytes(): number {
    return this.#progress.fetchedBytes + this.#large.fetchedBytes;
  }

  async run(signal: AbortSignal, runEvents: RunEvents): Promise<string> {
    this.#complete ??= await this.#fetch(signal, runEvents);
    await this.#options.record.delete();
    this.#files.release(); // The catalog needs the memory.
    await this.#complete.shared;
    return this.#complete.path;
  }

  /** Fetches what is missing, and gives the folder its name. */
  async #fetch(signal: AbortSignal, runEvents: RunEvents): Promise<NamedFolder> {
    const ending = new AbortController();
    const all = AbortSignal.any([signal, ending.signal]);
    this.#startedMs ??= this.#context.clock.nowMs();
    this.#runEvents = runEvents;
    const work: Promise<void>[] = [];
    const ends: Promise<unknown>[] = [];
    const stopped = new Promise<never>((_, reject) => {
      this.#stop = reject;
      signal.addEventListener('abort', () => reject(downloadStopped()), { once: true });
      if (signal.aborted) reject(downloadStopped());
    });
    stopped.catch(() => {});
    const { record, before } = this.#options;
    try {
      record.saveSoon((failure) => this.#stop?.(asShoalError(failure, 'DISK_FAILED')));
      // Files of the previous run are known only after the scan of the share.
      if (before !== undefined) await Promise.race([this.#context.parts.scanned(), stopped]);
      await Promise.race([this.#takePresent(all), stopped]);
      const { empty, small, large } = this.#openRows();
      await this.#context.parts.requireFreeSpace(this.#missingBytes(small, large));
      work.push(this.#makeEmpty(empty), this.#fetchSmall(small, all));
      const fetchLarge = (file: FolderFile) => {
        const fetching = this.#large.fetch(file, all, () => this.#reportSources());
        // The first failure ends the work; the other files must still settle.
        ends.push(fetching);
        return fetching;
      };
      work.push(inParallel(large, LARGE_AT_ONCE, (row) => this.#fetchRow(row, fetchLarge)));
      await Promise.race([Promise.all(work), stopped]);
      await Promise.race([this.#fetchOlder(fetchLarge), stopped]);
      this.#runEvents = undefined;
      // The thread that writes ends before the catalog takes the files: its memory is free for them.
      await this.#small?.closed();
      const failure = this.#failed.summary();
      if (failure !== undefined) throw failure;
      const { parts } = this.#context;
      const outermost = await parts.finishFolders?.(this.#files.folders());
      const { path } = this.#options;
      const incomplete = this.#incomplete;
      const named = incomplete === undefined ? undefined : await parts.nameFolder?.(incomplete, path);
      const finalPath = named?.path ?? this.#progress.finalPath ?? outermost ?? path;
      this.#progress.named(finalPath);
      return named ?? { path: finalPath, shared: Promise.resolve() };
    } catch (failure) {
      ending.abort();
      // A full disk may also fail this write; the original failure is reported.
      await record.save().catch(() => {});
      throw failure;
    } finally {
      this.#runEvents = undefined;
      ending.abort();
      await Promise.allSettled(work);
      await Promise.allSettled(ends);
      await this.#small?.closed();
    }
  }

  async discard(): Promise<void> {
    await this.#options.record.delete();
    await this.#large.discard();
    const { parts, opened } = this.#context;
    const { unopened } = this.#progress;
    for (const fileId of unopened.keys()) if (!opened.has(fileId)) await parts.discardUnfinished(fileId);
    unopened.clear();
  }

  async setPaused(paused: boolean): Promise<void> {
    if (this.#complete !== undefined) return;
    await this.#options.record.setPaused(paused);
    await this.#large.setPaused(paused, (fileId) => {
      const row = this.#files.find(fileId);
      return row !== undefined && this.#files.stateOf(row) === STATE.done;
    });
  }

  /** Counts the files of an earlier run for a queued download. */
  countPresent(): void {
    if (this.#startedMs === undefined) this.#progress.countPresent(this.#context.parts);
  }

  addHolder(fileId: FileId, holder: FileHolder): void {
    const row = this.#files.find(fileId);
    if (row === undefined || this.#files.stateOf(row) === STATE.done) return;
    this.#files.addHolder(row, holder);
    this.#large.addHolder(fileId, holder);
    if (this.#runEvents !== undefined) this.#small?.addHolder(row, holder);
  }

  tick(): void {
    if (this.#runEvents === undefined) return;
    this.#small?.tick();
    this.#large.tick();
    const { giveUpMs, path } = this.#options;
    const waitedMs = this.#context.clock.nowMs() - (this.#startedMs ?? 0);
    if (giveUpMs !== undefined && this.#files.count > 0 && !this.#hadSource && waitedMs >= giveUpMs) {
      this.#stop?.(noSource(path));
    }
  }

  figures(): TaskFigures {
    const large = this.#large.figures();
    const rate = this.#meter.bytesPerSecond(this.#context.clock.nowMs()) + large.bytesPerSecond;
    const { bytes, bytesFromBefore, wastedBytes, ...counts } = this.#progress.figures;
    return {
      ...counts,
      size: this.#files.size,
      bytes: bytes + large.bytes,
      bytesFromBefore: bytesFromBefore + large.bytesFromBefore,
      wastedBytes: wastedBytes + large.wastedBytes,
      bytesPerSecond: this.#runEvents === undefined ? 0 : rate,
      sources: mergeSources([...(this.#small?.status() ?? []), ...large.sources]),
      files: this.#files.count,
    };
  }

  stallFacts(): StallFacts {
    const { network } = this.#context;
    const large = this.#large.stallFacts();
    const sources = this.#small?.status() ?? [];
    const limits = [
      ...large.flatMap(({ limitBytesPerSecond }) => limitBytesPerSecond ?? []),
      ...sources.flatMap(({ peer }) => network.limitFor?.(peer) ?? []),
    ];
    const onlyLarge = large.length > 0 && this.#smallLeft === 0;
    const locates = [
      ...large.map(({ nextLocateInMs }) => nextLocateInMs),
      this.#small?.nextLocateInMs,
    ].filter((ms) => ms !== undefined);
    return {
      sameContent: onlyLarge && large.every(({ sameContent }) => sameContent),
      nextLocateInMs: locates.length > 0 ? Math.min(...locates) : undefined,
      hasTracker: network.hasTracker?.() ?? true,
      limitBytesPerSecond: limits.length > 0 ? Math.min(...limits) : undefined,
      noUsefulSource: onlyLarge && large.every(({ noUsefulSource }) => noUsefulSource),
    };
  }

  /** Counts the files that are here already. */
  #takePresent(signal: AbortSignal): Promise<void> {
    this.#progress.started();
    const here = (row: number, found: string) => this.#place(row, found, 'here');
    return placePresent(this.#files, this.#context, here, signal);
  }

  /** Lists the contents that are missing. Each starts a new attempt. */
  #openRows(): OpenRows {
    const open: OpenRows = { empty: [], small: [], large: [] };
    this.#failed.clear();
    for (const row of this.#files.contents()) {
      if (this.#files.stateOf(row) === STATE.done) continue;
      this.#files.setState(row, STATE.wanted);
      open[this.#files.kindOf(row)].push(row);
    }
    return open;
  }

  #makeEmpty(rows: readonly number[]): Promise<void> {
    return inParallel(rows, EMPTY_AT_ONCE, async (row) => {
      const file = this.#files.fileAt(row);
      const description = { fileId: file.fileId, layout: chunkLayout(0), chunkHashes: [] };
      const part = await this.#context.parts.open(description, file.path, file);
      await this.#arrived(row, await part.finish(), 'fetched');
    });
  }

  #fetchSmall(rows: readonly number[], signal: AbortSignal): Promise<void> {
    this.#smallLeft = rows.length;
    this.#small = undefined;
    if (rows.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const one = () => {
        if (--this.#smallLeft === 0) resolve();
      };
      const { path, priority } = this.#options;
      const options = { files: this.#files, rows, path, priority, signal };
      this.#small = new SmallFiles(this.#context, options, {
        done: (row, finalPath) => {
          this.#progress.fetchedBytes += this.#files.sizeOf(row);
          this.#place(row, finalPath, 'fetched');
          if (this.#files.hasTwins(row)) this.#copyToTwins(row).then(one, reject);
          else one();
        },
        failed: (row, reason) => {
          this.#failed.add(row, reason);
          one();
        },
        stopped: reject,
        received: (bytes) => this.#meter.add(bytes, this.#context.clock.nowMs()),
        wasted: (bytes) => {
          this.#progress.wastedBytes += bytes;
        },
        sourcesChanged: () => this.#reportSources(),
      });
      signal.addEventListener('abort', () => reject(downloadStopped()), { once: true });
      this.#small.start();
    });
  }

  async #fetchRow(
    row: number,
    fetchLarge: (file: FolderFile) => Promise<string | ShoalError>,
  ): Promise<void> {
    const fetched = await fetchLarge(this.#files.fileAt(row));
    if (typeof fetched === 'string') await this.#arrived(row, fetched, 'counted');
    else {
      this.#failed.add(row, fetched);
      this.#files.setState(row, STATE.failed);
    }
  }

  /** Fetches the next version of each path whose newest one no source delivered. */
  #fetchOlder(fetchLarge: (file: FolderFile) => Promise<string | ShoalError>): Promise<void> {
    return inParallel(this.#failed.rows, LARGE_AT_ONCE, async (row) => {
      if (this.#files.hasTwins(row)) return;
      for (const older of this.#versions.of(this.#files.pathOf(row))) {
        const fetched = await fetchLarge(older);
        if (typeof fetched !== 'string') continue;
        this.#versions.took(older);
        this.#failed.delete(row);
        await this.#arrived(row, fetched, 'counted');
        return;
      }
    });
  }

  /** Counts a complete content and copies it to its other paths. */
  async #arrived(row: number, path: string, how: 'fetched' | 'counted'): Promise<void> {
    this.#place(row, path, how);
    await this.#copyToTwins(row);
    this.#files.setState(row, STATE.done);
  }

  async #copyToTwins(first: number): Promise<void> {
    for (const row of this.#files.rowsOf(first)) {
      if (this.#files.isPlaced(row)) continue;
      const file = this.#files.fileAt(row);
      this.#place(row, await this.#context.parts.copyComplete(file.fileId, file.path, file), 'here');
    }
  }

  #place(row: number, finalPath: string, how: Placement): void {
    this.#progress.place(row, finalPath, how);
  }

  #missingBytes(small: readonly number[], large: readonly number[]): number {
    let missing = 0;
    for (const row of small) missing += this.#files.sizeOf(row);
    for (const row of large)
      missing += Math.max(0, this.#files.sizeOf(row) - this.#large.bytesOf(this.#files.fileIdOf(row)));
    return missing;
  }

  #reportSources(): void {
    const sources = (this.#small?.sources ?? 0) + this.#large.withSource;
    if (sources > 0) this.#hadSource = true;
    this.#runEvents?.sourcesChanged(sources, true);
  }
}

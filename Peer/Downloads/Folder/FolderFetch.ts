import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf, isOneChunk } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { RateMeter } from '../../../Shared/RateMeter.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder, FileVersions } from '../../Model.ts';
import { FileFetch } from '../File/FileFetch.ts';
import type { RunEvents, StallFacts, Task, TaskContext, TaskFigures } from '../File/Task.ts';
import { downloadStopped, noSource } from '../File/Task.ts';
import type { FolderWish } from '../Model.ts';
import { mergeSources } from '../Sources/MergeSources.ts';
import { type FolderItem, folderFailure, type PlacedFolder, placeFolder } from './FolderItem.ts';
import { FolderProgress, type Placement } from './FolderProgress.ts';
import { inParallel } from './InParallel.ts';
import { OlderVersions } from './OlderVersions.ts';
import { placePresent } from './PresentFiles.ts';
import type { SavedFolder } from './SavedFolder.ts';
import { SmallFiles } from './SmallFiles.ts';

/** Concurrent files of several chunks: one finishes or locates sources while others transfer. */
const LARGE_AT_ONCE = 8;
/** Concurrent empty files. */
const EMPTY_AT_ONCE = 64;
/** Time for which all known holders refuse a large file until it fails: six tracker queries. */
const EXHAUSTED_MS = 35_000;

export interface FolderFetchOptions extends FolderWish {
  /** Number of the download; lower numbers are served first. */
  readonly priority: number;
  readonly record: SavedFolder;
  /** Verified bytes of the unfinished files of an earlier run. */
  readonly before?: ReadonlyMap<FileId, number>;
}

/** The content without bytes. */
const EMPTY = fileIdOf(0, []);

/** Fetches all files of a folder: small files in bundles, large ones as single files, equal contents once. */
export class FolderFetch implements Task {
  readonly #context: TaskContext;
  readonly #options: FolderFetchOptions;
  readonly #items: ReadonlyMap<FileId, FolderItem>;
  readonly #large = new Map<FileId, FileFetch>();
  readonly #meter = new RateMeter();
  readonly #size: number;
  /** Path of the folder until it is complete; undefined: it has its name from the start. */
  readonly #incomplete: string | undefined;
  readonly #placed: PlacedFolder;
  readonly #progress: FolderProgress;
  readonly #versions: OlderVersions;
  #small: SmallFiles | undefined;
  #runEvents: RunEvents | undefined;
  #stop: ((reason: ShoalError) => void) | undefined;
  #smallLeft = 0;
  #startedMs: number | undefined;
  #hadSource = false;

  constructor(context: TaskContext, options: FolderFetchOptions) {
    this.#context = context;
    this.#options = options;
    this.#size = total(options.files, ({ size }) => size);
    // Delivered files are moved to their place together, when all are complete.
    this.#incomplete =
      context.delivered === undefined ? context.parts.incompleteFolder?.(options.path) : undefined;
    this.#placed = placeFolder(options.files, this.#incomplete);
    this.#items = this.#placed.items;
    const { path, before } = options;
    this.#versions = new OlderVersions(options.versions, this.#incomplete);
    this.#progress = new FolderProgress({ path, before, incomplete: this.#incomplete, items: this.#items });
  }

  get versions(): readonly FileVersions[] {
    return this.#versions.all;
  }

  get fetchedBytes(): number {
    return this.#progress.fetchedBytes + total(this.#large.values(), (file) => file.fetchedBytes);
  }

  async run(signal: AbortSignal, runEvents: RunEvents): Promise<string> {
    const ending = new AbortController();
    const all = AbortSignal.any([signal, ending.signal]);
    this.#startedMs ??= this.#context.clock.nowMs();
    this.#runEvents = runEvents;
    const work: Promise<void>[] = [];
    const ends: Promise<void>[] = [];
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
      const open = [...this.#items.values()].filter(({ state }) => state !== 'done');
      await this.#context.parts.requireFreeSpace(this.#missingBytes(open));
      const small = open.filter((item) => isSmall(item));
      const large = open.filter((item) => !isSmall(item) && item.fileId !== EMPTY);
      work.push(this.#makeEmpty(open.filter(({ fileId }) => fileId === EMPTY)));
      work.push(this.#fetchSmall(small, all));
      const fetchLarge = (item: FolderItem) => {
        const fetching = this.#fetchLarge(item, all);
        // The first failure ends the work; the other files must still settle.
        ends.push(fetching);
        return fetching;
      };
      work.push(inParallel(large, LARGE_AT_ONCE, fetchLarge));
      await Promise.race([Promise.all(work), stopped]);
      await Promise.race([this.#fetchOlder(fetchLarge), stopped]);
      this.#runEvents = undefined;
      const failure = folderFailure(this.#items.values(), this.#placed.fileCount, this.#incomplete);
      if (failure !== undefined) throw failure;
      const outermost = await this.#context.parts.finishFolders?.(this.#placed.folders);
      const { path } = this.#options;
      const named = this.#incomplete && (await this.#context.parts.nameFolder?.(this.#incomplete, path));
      await record.delete();
      const finalPath = named ?? this.#progress.finalPath ?? outermost ?? path;
      this.#progress.named(finalPath);
      return finalPath;
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
    for (const file of this.#large.values()) await file.discard();
    const { parts, opened } = this.#context;
    const { unopened } = this.#progress;
    for (const fileId of unopened.keys()) if (!opened.has(fileId)) await parts.discardUnfinished(fileId);
    unopened.clear();
  }

  async setPaused(paused: boolean): Promise<void> {
    await this.#options.record.setPaused(paused);
    for (const [fileId, file] of this.#large) {
      if (this.#items.get(fileId)?.state !== 'done') await file.setPaused(paused);
    }
  }

  /** Counts the files of an earlier run for a queued download. */
  countPresent(): void {
    if (this.#startedMs === undefined) this.#progress.countPresent(this.#context.parts);
  }

  addHolder(fileId: FileId, holder: FileHolder): void {
    const item = this.#items.get(fileId);
    if (item === undefined || item.state === 'done') return;
    const fresh = item.addHolders([holder]);
    if (this.#large.has(fileId)) this.#large.get(fileId)?.addHolder(fileId, holder);
    else if (isOneChunk(item.size) && item.state === 'wanted') this.#small?.offer(item, fresh);
  }

  tick(): void {
    if (this.#runEvents === undefined) return;
    this.#small?.tick();
    for (const file of this.#large.values()) file.tick();
    const { giveUpMs, path, files } = this.#options;
    const waitedMs = this.#context.clock.nowMs() - (this.#startedMs ?? 0);
    if (giveUpMs !== undefined && files.length > 0 && !this.#hadSource && waitedMs >= giveUpMs) {
      this.#stop?.(noSource(path));
    }
  }

  figures(): TaskFigures {
    const running = [...this.#large.values()].map((file) => file.figures());
    const sum = (pick: (figures: TaskFigures) => number) => total(running, pick);
    const rate = this.#meter.bytesPerSecond(this.#context.clock.nowMs()) + sum((each) => each.bytesPerSecond);
    const { bytes, bytesFromBefore, wastedBytes, ...counts } = this.#progress.figures;
    return {
      ...counts,
      size: this.#size,
      bytes: bytes + sum((each) => each.bytes),
      bytesFromBefore: bytesFromBefore + sum((each) => each.bytesFromBefore),
      wastedBytes: wastedBytes + sum((each) => each.wastedBytes),
      bytesPerSecond: this.#runEvents === undefined ? 0 : rate,
      sources: mergeSources([...(this.#small?.status() ?? []), ...running.flatMap(({ sources }) => sources)]),
      files: this.#placed.fileCount,
    };
  }

  stallFacts(): StallFacts {
    const { network, clock } = this.#context;
    const large = [...this.#large.values()].map((file) => file.stallFacts());
    const sources = this.#small?.status() ?? [];
    const limits = [
      ...large.flatMap(({ limitBytesPerSecond }) => limitBytesPerSecond ?? []),
      ...sources.flatMap(({ peer }) => network.limitFor?.(peer) ?? []),
    ];
    const onlyLarge = large.length > 0 && this.#smallLeft === 0;
    const locates = [
      ...large.map(({ nextLocateInMs }) => nextLocateInMs),
      this.#small?.nextLocateInMs(clock.nowMs()),
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
    const here = (item: FolderItem, path: string, found: string) => this.#place(item, path, found, 'here');
    return placePresent(this.#items.values(), this.#context, here, signal);
  }

  #makeEmpty(items: readonly FolderItem[]): Promise<void> {
    return inParallel(items, EMPTY_AT_ONCE, async (item) => {
      const { fileId, paths } = item;
      const description = { fileId, layout: chunkLayout(0), chunkHashes: [] };
      const part = await this.#context.parts.open(description, paths[0], item.fileAt(paths[0]));
      await this.#arrived(item, await part.finish(), 'fetched');
    });
  }

  #fetchSmall(items: readonly FolderItem[], signal: AbortSignal): Promise<void> {
    this.#smallLeft = items.length;
    return new Promise((resolve, reject) => {
      const one = () => {
        if (--this.#smallLeft === 0) resolve();
      };
      if (items.length === 0) return resolve();
      const itemOf = (fileId: FileId) => this.#items.get(fileId);
      const small = new SmallFiles(this.#context, this.#options.priority, items, itemOf, signal, {
        done: (item, path) => {
          this.#progress.fetchedBytes += item.size;
          if (item.paths.length > 1) this.#arrived(item, path, 'fetched').then(one, reject);
          else {
            this.#place(item, item.paths[0], path, 'fetched');
            one();
          }
        },
        failed: one,
        stopped: reject,
        received: (bytes) => this.#meter.add(bytes, this.#context.clock.nowMs()),
        wasted: (bytes) => {
          this.#progress.wastedBytes += bytes;
        },
        sourcesChanged: () => this.#reportSources(),
      });
      this.#small = small;
      signal.addEventListener('abort', () => reject(downloadStopped()), { once: true });
      small.start();
    });
  }

  /** Rejects only with failures of the whole folder: a disk, or the end of the run. */
  async #fetchLarge(item: FolderItem, signal: AbortSignal): Promise<void> {
    const { fileId, paths } = item;
    const options = {
      ...item.fileAt(paths[0]),
      holders: [...item.holders.values()],
      priority: this.#options.priority,
      exhaustedMs: EXHAUSTED_MS,
      bytesBefore: this.#progress.unopened.get(fileId),
    };
    const file = this.#large.get(fileId) ?? new FileFetch(this.#context, options);
    this.#large.set(fileId, file);
    this.#progress.unopened.delete(fileId);
    item.state = 'requested';
    const runEvents = { sourcesChanged: () => this.#reportSources(), complete: () => {} };
    try {
      const path = await file.run(signal, runEvents).catch(async (failure: unknown) => {
        if (asShoalError(failure, 'DISK_FAILED').code !== 'PART_FILE_GONE') throw failure;
        await file.discard();
        return file.run(signal, runEvents);
      });
      await this.#arrived(item, path, 'counted');
    } catch (failure) {
      const error = asShoalError(failure, 'DISK_FAILED');
      if (error.code === 'CANCELLED' || error.code === 'DISK_FULL' || error.code === 'DISK_FAILED')
        throw error;
      item.state = 'failed';
      item.error = error;
    }
  }

  /** Fetches the next version of each path whose newest one no source delivered. */
  #fetchOlder(fetchItem: (item: FolderItem) => Promise<void>): Promise<void> {
    const failed = [...this.#items.values()].filter(({ state }) => state === 'failed');
    return inParallel(failed, LARGE_AT_ONCE, async (item) => {
      for (const older of this.#versions.of(item)) {
        await fetchItem(older);
        if (older.state !== 'done') continue;
        this.#versions.took(older);
        item.state = 'done';
        return;
      }
    });
  }

  /** Counts a complete content and copies it to its other paths. */
  async #arrived(item: FolderItem, path: string, how: 'fetched' | 'counted'): Promise<void> {
    const [first, ...others] = item.paths;
    const { parts } = this.#context;
    this.#place(item, first, path, how);
    for (const other of others) {
      if (item.isPlaced(other)) continue;
      this.#place(item, other, await parts.copyComplete(item.fileId, other, item.fileAt(other)), 'here');
    }
    item.state = 'done';
  }

  #place(item: FolderItem, path: string, finalPath: string, how: Placement): void {
    this.#progress.place(item, path, finalPath, how);
  }

  #missingBytes(open: readonly FolderItem[]): number {
    return total(open, ({ fileId, size }) => {
      const verified = this.#large.get(fileId)?.figures().bytes ?? this.#progress.unopened.get(fileId) ?? 0;
      return Math.max(0, size - verified);
    });
  }

  #reportSources(): void {
    const large = total(this.#large.values(), ({ hasSource }) => (hasSource ? 1 : 0));
    const sources = (this.#small?.sources ?? 0) + large;
    if (sources > 0) this.#hadSource = true;
    this.#runEvents?.sourcesChanged(sources, true);
  }
}

function total<T>(values: Iterable<T>, amount: (value: T) => number): number {
  let sum = 0;
  for (const value of values) sum += amount(value);
  return sum;
}

/** Whether a file is fetched by its listed size alone. Any other is described first, also one that is falsely listed as empty. */
function isSmall({ fileId, size }: FolderItem): boolean {
  return size > 0 && isOneChunk(size) && fileId !== EMPTY;
}

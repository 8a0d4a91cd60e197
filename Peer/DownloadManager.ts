import { EventEmitter } from 'node:events';
import type { FileId } from '../Protocol/Ids.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { every } from '../Shared/Time/Clock.ts';
import type { DownloadStatus } from './DownloadModel.ts';
import { DropTask, type DropTaskOptions } from './Downloads/File/DropTask.ts';
import { FileFetch } from './Downloads/File/FileFetch.ts';
import type { TaskContext } from './Downloads/File/Task.ts';
import { findDownload } from './Downloads/FindDownload.ts';
import { FolderFetch } from './Downloads/Folder/FolderFetch.ts';
import { FolderKey } from './Downloads/Folder/FolderKey.ts';
import { FolderTable } from './Downloads/Folder/FolderTable.ts';
import { SavedFolder } from './Downloads/Folder/SavedFolder.ts';
import { hasEnded } from './Downloads/Lifecycle/Download.ts';
import { DownloadRun, type DownloadRunOptions } from './Downloads/Lifecycle/DownloadRun.ts';
import { DownloadSlots, rankOf } from './Downloads/Lifecycle/DownloadSlots.ts';
import type { DownloadEvents, FileWish, FolderWish } from './Downloads/Model.ts';
import type { DownloadManagerOptions } from './Downloads/Options.ts';
import { RequestDispatcher } from './Downloads/Sources/RequestDispatcher.ts';
import { Streams } from './Downloads/Streams/Streams.ts';
import type { FileHolder } from './Model.ts';

export type { DropSender, DropTask } from './Downloads/File/DropTask.ts';
export { type Listing, planFolder } from './Downloads/Folder/FolderPlan.ts';
export { ListedFiles } from './Downloads/Folder/ListedFiles.ts';
export type { DownloadEvents, FileWish, FolderWish, Verdict } from './Downloads/Model.ts';
export { folderNamed, isIdStart, lastPart, matchName } from './Downloads/NameMatch.ts';
export type { DownloadManagerOptions } from './Downloads/Options.ts';
export { takeVersion } from './Downloads/Versions.ts';

/** Default maximum of concurrent downloads: each keeps links, a request window and an open file. */
const MAX_DOWNLOADS = 32;
/** Interval of checks for silent sources, retries and give-up times. */
const TICK_MS = 500;

/** A file to receive. `sender` names the client; undefined: the user sends it. */
export type DropWish = Omit<DropTaskOptions, 'clock'> & { readonly sender: string | undefined };

type NewDownload = Omit<DownloadRunOptions, 'clock' | 'wallMs' | 'events'>;

/** A folder download and its saved state on disk. */
interface FolderDownload {
  readonly key: FolderKey;
  readonly record: SavedFolder;
  readonly download: DownloadRun;
}

/** Runs downloads from the request to the finished file. */
export class DownloadManager extends EventEmitter<DownloadEvents> {
  /** Files that are read while they are fetched, without being downloaded. */
  readonly streams: Streams;
  readonly #options: DownloadManagerOptions;
  readonly #context: TaskContext;
  readonly #downloads = new Map<number, DownloadRun>();
  /** Folder downloads by path. Each path holds the latest download per key. */
  readonly #folders = new Map<string, readonly FolderDownload[]>();
  readonly #slots: DownloadSlots;
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;
  #running = 0;
  #ticking: (() => void) | undefined;

  constructor(options: DownloadManagerOptions) {
    super();
    const { clock } = options;
    this.#options = options;
    this.#slots = new DownloadSlots(options.maxDownloads ?? MAX_DOWNLOADS);
    this.#context = {
      ...options,
      dispatcher: new RequestDispatcher(clock, (peer) => options.network.probe?.(peer)),
      opened: new Map(),
      events: {
        sourceBlamed: (peer, path, verdict) => this.emit('sourceBlamed', peer, path, verdict),
        partialStarted: (fileId) => this.emit('partialStarted', fileId),
      },
    };
    this.streams = new Streams({
      context: this.#context,
      local: options.local,
      clock,
      activityChanged: () => this.#updateTicking(),
    });
  }

  /**
   * Restores the unfinished downloads of earlier runs. Downloads that the user paused stay paused, the others
   * continue.
   */
  async start(): Promise<void> {
    const { parts } = this.#options;
    const unfinished = await parts.unfinished();
    const bytesOf = new Map(unfinished.map(({ fileId, bytes = 0 }) => [fileId, bytes]));
    /** Unfinished files of a folder. */
    const inFolders = new Set<FileId>();
    for (const { path, files, paused } of await parts.keptFolders()) {
      if (this.#closing.signal.aborted) return;
      const before = new Map<FileId, number>();
      for (const { fileId } of files) {
        const bytes = bytesOf.get(fileId);
        if (bytes === undefined) continue;
        if (!inFolders.has(fileId)) before.set(fileId, bytes);
        inFolders.add(fileId);
      }
      this.#addFolder({ path, files }, paused, before);
    }
    for (const { paused, bytes, ...file } of unfinished) {
      if (this.#closing.signal.aborted) return;
      if (!inFolders.has(file.fileId) && this.#activeDownloadOf(file.fileId) === undefined)
        this.#addFile({ ...file, holders: [] }, paused, bytes);
    }
  }

  /**
   * Starts the download of one content, or returns its active download with the new holders added. A paused or
   * failed one is resumed. Content that is in the share already is copied to the wanted path.
   * @throws ShoalError CLOSED
   */
  add(wish: FileWish): DownloadStatus {
    this.#requireNotClosed();
    const running = this.#activeDownloadOf(wish.fileId);
    if (running === undefined) return this.#addFile(wish, false).status();
    for (const holder of wish.holders) running.task.addHolder(wish.fileId, holder);
    if (wish.pushedBy === undefined) this.#makeOwn(running);
    void running.resume();
    return running.status();
  }

  /**
   * Starts one download of many files. Files that are in the share already count as done. An active download of the
   * same files to the same folder is returned, with the new holders added. A paused or failed one is resumed.
   * @throws ShoalError CLOSED
   */
  addFolder(wish: FolderWish): DownloadStatus {
    this.#requireNotClosed();
    return this.#addFolder(wish, false).status();
  }

  /**
   * Starts to receive a file from a client that is no peer. @param drop - `sender` shares the places of pushed
   * downloads with others
   * @throws ShoalError CLOSED
   */
  receive({ sender, ...drop }: DropWish): { readonly number: number; readonly task: DropTask } {
    this.#requireNotClosed();
    const number = this.#downloads.size + 1;
    const task = new DropTask({ ...drop, clock: this.#options.clock });
    const rank = rankOf(number, sender);
    this.#addTask({
      number,
      path: drop.path,
      fileId: undefined,
      task,
      paused: false,
      rank,
      pushedBy: sender,
    });
    return { number, task };
  }

  /** Adds a holder, found by peer exchange or a new peer, to every active download of the file. */
  addSource(fileId: FileId, holder: FileHolder): void {
    for (const download of this.#downloads.values()) {
      if (!hasEnded(download.state)) download.task.addHolder(fileId, holder);
    }
    this.streams.addHolder(fileId, holder);
  }

  /** Lists all downloads of this program run, by number. */
  list(): readonly DownloadStatus[] {
    return [...this.#downloads.values()].map((download) => download.status());
  }

  /** Finds a download by number, path, name or FileId prefix. @throws ShoalError NOT_FOUND, AMBIGUOUS */
  find(text: string): DownloadStatus {
    return findDownload(text, [...this.#downloads.values()]).status();
  }

  /** Stops a download and keeps its verified chunks, also across restarts. @throws ShoalError NOT_FOUND */
  async pause(number: number): Promise<void> {
    await this.#get(number).pause();
  }

  /** Continues a paused or failed download. @throws ShoalError NOT_FOUND */
  async resume(number: number): Promise<void> {
    await this.#get(number).resume();
  }

  /** Puts a download before all others of the user, and resumes it. @throws ShoalError NOT_FOUND */
  async first(number: number): Promise<void> {
    const download = this.#get(number);
    this.#makeOwn(download);
    await download.resume();
    this.#slots.putFirst(this.#downloads.values(), download);
  }

  /** Stops a download and deletes its unfinished files. @throws ShoalError NOT_FOUND */
  async cancel(number: number): Promise<void> {
    await this.#get(number).cancel();
  }

  /**
   * Resolves when the download is done, failed, paused (also by a full disk) or cancelled.
   * @throws ShoalError NOT_FOUND, CANCELLED
   */
  async finished(number: number, signal: AbortSignal): Promise<DownloadStatus> {
    const download = this.#get(number);
    await download.settled(AbortSignal.any([signal, this.#closing.signal]));
    return download.status();
  }

  /** Stops all downloads; each stays resumable. Safe to call twice. */
  close(): Promise<void> {
    this.#closing.abort();
    this.#ticking?.();
    this.#ticking = undefined;
    this.#closed ??= Promise.all([
      this.streams.close(),
      ...[...this.#downloads.values()].map((download) => download.close()),
    ]).then(() => {});
    return this.#closed;
  }

  #addFile(wish: FileWish, paused: boolean, bytesBefore?: number): DownloadRun {
    const number = this.#downloads.size + 1;
    const rank = rankOf(number, wish.pushedBy);
    const task = new FileFetch(this.#context, { ...wish, priority: rank, bytesBefore });
    return this.#addTask({ ...wish, number, rank, task, paused });
  }

  /** @param before - verified bytes of the unfinished files of an earlier run */
  #addFolder(wish: FolderWish, paused: boolean, before?: ReadonlyMap<FileId, number>): DownloadRun {
    const { parts, clock, maxDownloads = MAX_DOWNLOADS } = this.#options;
    const path = wish.path.endsWith('/') ? wish.path : `${wish.path}/`;
    const files = FolderTable.of(wish.files);
    const key = new FolderKey(path, files);
    const others = this.#folders.get(path) ?? [];
    const same = others.find((each) => each.key.equals(key));
    const running = same?.download;
    if (running !== undefined && !isOver(running)) {
      if (before !== undefined) same?.record.adopt();
      for (const { fileId, holders } of files)
        for (const holder of holders) running.task.addHolder(fileId, holder);
      if (!paused) void running.resume();
      return running;
    }
    const number = this.#downloads.size + 1;
    const kept = before !== undefined;
    const record = new SavedFolder({ parts, clock, key, files, kept });
    const rank = rankOf(number, undefined);
    const options = { ...wish, files, priority: rank, record, ...(before === undefined ? {} : { before }) };
    const task = new FolderFetch(this.#context, options);
    // A queued folder download is saved now; a failure shows when it runs.
    if (before === undefined && this.#running >= maxDownloads) record.save().catch(() => {});
    if (before !== undefined) void parts.scanned().then(() => task.countPresent());
    const { versions } = wish;
    const download = this.#addTask({ number, path, fileId: undefined, task, rank, paused, versions });
    this.#folders.set(path, [...others.filter((each) => each !== same), { key, record, download }]);
    return download;
  }

  #addTask(added: NewDownload): DownloadRun {
    const { clock, wallMs } = this.#options;
    const download = new DownloadRun({
      ...added,
      clock,
      wallMs: wallMs(),
      events: {
        changed: () => this.#publish(download.status()),
        queued: () => this.#startQueued(),
        stopped: () => {
          this.#running--;
          this.#startQueued();
        },
      },
    });
    this.#downloads.set(added.number, download);
    this.#startQueued();
    return download;
  }

  #publish(download: DownloadStatus): void {
    const { log } = this.#options;
    log.debug(`download ${download.number} of ${download.path} is ${download.state}`);
    this.emit('changed', download);
    if (download.state === 'done') this.emit('completed', download);
    if (download.state === 'failed') this.emit('failed', download);
  }

  /** Starts queued downloads while there is a place for one. */
  #startQueued(): void {
    while (!this.#closing.signal.aborted) {
      const next = this.#slots.next(this.#downloads.values());
      if (next === undefined) break;
      this.#running++;
      next.begin();
    }
    this.#updateTicking();
  }

  /** The user asks for a pushed content too. */
  #makeOwn(download: DownloadRun): void {
    if (download.pushedBy === undefined) return;
    download.pushedBy = undefined;
    // A failed write costs only the rank of the download after a restart.
    if (download.fileId !== undefined) this.#options.parts.setOwn?.(download.fileId).catch(() => {});
    this.#startQueued();
  }

  #updateTicking(): void {
    if ((this.#running > 0 || this.streams.active) && !this.#closing.signal.aborted) {
      this.#ticking ??= every(this.#options.clock, TICK_MS, () => this.#tick());
    } else {
      this.#ticking?.();
      this.#ticking = undefined;
    }
  }

  #tick(): void {
    this.#context.dispatcher.tick();
    this.#slots.tick(this.#downloads.values(), this.#options.clock.nowMs());
    for (const download of this.#downloads.values()) if (download.running) download.task.tick();
    this.streams.tick();
  }

  #activeDownloadOf(fileId: FileId): DownloadRun | undefined {
    for (const download of this.#downloads.values()) {
      if (download.fileId === fileId && !isOver(download)) return download;
    }
    return undefined;
  }

  #get(number: number): DownloadRun {
    const download = this.#downloads.get(number);
    if (download !== undefined) return download;
    throw new ShoalError('NOT_FOUND', `there is no download ${number}`, {
      hint: (command) => `See them all: ${command('downloads')}`,
    });
  }

  #requireNotClosed(): void {
    if (this.#closing.signal.aborted) throw new ShoalError('CLOSED', 'downloads are closed');
  }
}

/** Whether a download can no longer be resumed. */
function isOver({ state }: DownloadRun): boolean {
  return state === 'done' || state === 'cancelled';
}

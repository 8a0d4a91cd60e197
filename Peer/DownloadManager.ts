import { EventEmitter } from 'node:events';
import type { FileId } from '../Protocol/Ids.ts';
import type { Clock, Random, WallClock } from '../Shared/Clock.ts';
import type { Log } from '../Shared/Log.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { DownloadEvents, FileWish, FolderWish } from './Downloads/Model.ts';
import type { PartStore, SourceNetwork } from './Downloads/Wanted.ts';
import type { DownloadStatus, FileHolder } from './Model.ts';

export type { DownloadEvents, FileWish, FolderWish } from './Downloads/Model.ts';

export interface DownloadManagerOptions {
  readonly network: SourceNetwork;
  readonly parts: PartStore;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly random: Random;
  readonly log: Log;
  /** Downloads that run at once; further ones wait. Default: MAX_DOWNLOADS. */
  readonly maxDownloads?: number;
}

/** Door: downloads from the wish to the finished file. */
export class DownloadManager extends EventEmitter<DownloadEvents> {
  readonly #options: DownloadManagerOptions;

  constructor(options: DownloadManagerOptions) {
    super();
    this.#options = options;
  }

  /** Picks up the unfinished downloads of earlier runs: what the user had paused stays paused, the others go on. */
  async start(): Promise<void> {
    await this.#options.parts.unfinished();
  }

  /**
   * Starts to fetch one content. Being fetched already: that download, with the new holders. Here already: nothing is fetched,
   * the wanted path gets a copy and the download is soon `done`.
   */
  add(_wish: FileWish): DownloadStatus {
    throw new ShoalError('CLOSED', 'not built yet');
  }

  /** Starts one download of many files. Files that are here already count as done. */
  addFolder(_wish: FolderWish): DownloadStatus {
    throw new ShoalError('CLOSED', 'not built yet');
  }

  /** Somebody else has a file that may be under way here: a new peer, or peer exchange. Ignored when it is not. */
  addSource(_fileId: FileId, _holder: FileHolder): void {}

  /** All of this run, by number. */
  list(): readonly DownloadStatus[] {
    return [];
  }

  /** One by number, start of its FileId, path or name. @throws ShoalError NOT_FOUND, AMBIGUOUS */
  find(_text: string): DownloadStatus {
    throw new ShoalError('NOT_FOUND', 'no such download');
  }

  /** Stops it and keeps what is there, also over a restart. @throws ShoalError NOT_FOUND */
  async pause(_number: number): Promise<void> {}

  /** Goes on, also with a failed one. @throws ShoalError NOT_FOUND */
  async resume(_number: number): Promise<void> {}

  /** Stops it and deletes what is there of unfinished files. @throws ShoalError NOT_FOUND */
  async cancel(_number: number): Promise<void> {}

  /** Resolves when the download is done, failed, paused (also by a full disk) or cancelled. @throws ShoalError NOT_FOUND, CANCELLED */
  async finished(number: number, _signal: AbortSignal): Promise<DownloadStatus> {
    throw new ShoalError('NOT_FOUND', `there is no download ${number}`);
  }

  /** Everything stays resumable. Resolves when nothing runs any more. Safe to call twice. */
  async close(): Promise<void> {}
}

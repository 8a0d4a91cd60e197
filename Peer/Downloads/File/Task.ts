import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import type { DownloadStatus, FileVersions } from '../../DownloadModel.ts';
import type { FileHolder, PeerContact } from '../../Model.ts';
import type { DownloadStorage } from '../../Storage.ts';
import type { Verdict } from '../Model.ts';
import type { ReadWindows } from '../Picking/ReadWindows.ts';
import type { Delivered, SourceNetwork } from '../Ports.ts';
import type { RequestDispatcher } from '../Sources/RequestDispatcher.ts';

/** Dependencies that all downloads share. */
export interface TaskContext {
  readonly network: SourceNetwork;
  readonly parts: DownloadStorage;
  readonly delivered?: Delivered | undefined;
  readonly uncatalogued?: Delivered | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly dispatcher: RequestDispatcher;
  readonly events: TaskEvents;
  /** Contents whose part file is open, with their readers. Only one task may open a part file at a time. */
  readonly opened: Map<FileId, ReadWindows>;
}

/** Dependencies of the download of one file. */
export type FileContext = Omit<TaskContext, 'parts'> & {
  readonly parts: Pick<
    DownloadStorage,
    'open' | 'describeUnfinished' | 'findComplete' | 'copyComplete' | 'discardUnfinished' | 'setPaused'
  >;
};

interface TaskEvents {
  sourceBlamed(peer: PeerContact, path: string, verdict: Verdict): void;
  partialStarted(fileId: FileId): void;
}

/** Progress of one run. */
export interface RunEvents {
  sourcesChanged(sources: number, described: boolean): void;
  /** All bytes are verified; only local work is left. */
  complete(): void;
}

/** Facts about a stalled download besides the state of its sources. */
export interface StallFacts {
  /** Another download is fetching the same content. */
  readonly sameContent: boolean;
  /** Milliseconds until the trackers are queried for holders again. */
  readonly nextLocateInMs: number | undefined;
  /** A tracker is responding. */
  readonly hasTracker: boolean;
  /** Own download limit in bytes per second, when it delays data now. */
  readonly limitBytesPerSecond: number | undefined;
  /** No connected source has a missing chunk. */
  readonly noUsefulSource: boolean;
}

/** Progress figures of a task, for DownloadStatus. */
export type TaskFigures = Pick<
  DownloadStatus,
  | 'size'
  | 'bytes'
  | 'bytesFromBefore'
  | 'wastedBytes'
  | 'bytesPerSecond'
  | 'sources'
  | 'filesDone'
  | 'files'
  | 'renamed'
  | 'beside'
>;

/** The work of one download, for a file or a folder. Runs do not overlap; progress is kept between runs. */
export interface Task {
  /**
   * Fetches everything that is missing and returns its absolute path. When the promise settles, no work is left
   * running and unfinished data is kept on disk.
   * @throws ShoalError why the run stopped: CANCELLED when `signal` aborted
   */
  run(signal: AbortSignal, events: RunEvents): Promise<string>;
  /** Deletes unfinished data. Must not be called during a run. */
  discard(): Promise<void>;
  /** Saves the paused state with the unfinished data. Must not be called during a run. */
  setPaused(paused: boolean): Promise<void>;
  addHolder(fileId: FileId, holder: FileHolder): void;
  /** Checks timeouts and retries. Called every TICK_MS during a run. */
  tick(): void;
  figures(): TaskFigures;
  stallFacts(): StallFacts;
  /** Versions as they were fetched, where that may differ from the request. */
  readonly versions?: readonly FileVersions[];
  /** Bytes verified in this program run; grows with every progress. */
  readonly fetchedBytes: number;
}

/** Fails a download that no reachable peer can serve. */
export function noSource(path: string): ShoalError {
  return new ShoalError('NOT_FOUND', `no reachable peer has ${path}`, {
    hint: 'Try again when its owner is online.',
  });
}

/** Fails a download whose sources have lost the content since it began. @param where - names of the peers */
export function fileChanged(path: string, where?: string): ShoalError {
  const at = where === undefined ? '' : ` at ${where}`;
  return new ShoalError('FILE_CHANGED', `${path} has changed or is gone${at} since the download began`, {
    hint: 'Download it again by its name to get the new version. Verified chunks of the old one are kept.',
  });
}

/** Ends a run whose signal was aborted. */
export function downloadStopped(): ShoalError {
  return new ShoalError('CANCELLED', 'the download was stopped');
}

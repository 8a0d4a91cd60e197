import type { FileId } from '../../../Protocol/Ids.ts';
import type { Clock, Random } from '../../../Shared/Clock.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { DownloadStatus, FileHolder, PeerContact } from '../../Model.ts';
import type { DownloadStorage } from '../../Storage.ts';
import type { Verdict } from '../Model.ts';
import type { SourceNetwork } from '../Ports.ts';
import type { RequestDispatcher } from '../Sources/RequestDispatcher.ts';

/** What every download shares. */
export interface TaskContext {
  readonly network: SourceNetwork;
  readonly parts: DownloadStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly dispatcher: RequestDispatcher;
  readonly events: TaskEvents;
  /** Contents whose unfinished file is open now: one at a time. */
  readonly opened: Set<FileId>;
}

export interface TaskEvents {
  sourceBlamed(peer: PeerContact, path: string, verdict: Verdict): void;
  partialStarted(fileId: FileId): void;
}

/** What one run of a task tells as it goes on. */
export interface RunEvents {
  sourcesChanged(sources: number, described: boolean): void;
  /** Everything is verified; what is left is local. */
  complete(): void;
}

/** Why no bytes may come, besides what the sources say. */
export interface StallFacts {
  /** Another download fetches the same content. */
  readonly sameContent: boolean;
  /** Until the trackers are asked for more sources. */
  readonly nextLocateInMs: number | undefined;
  /** Some tracker answers. */
  readonly hasTracker: boolean;
  /** Our own limit, in bytes a second, when it holds back what would come. */
  readonly limitBytesPerSecond: number | undefined;
  /** Those who can be asked have nothing that is missing. */
  readonly noUsefulSource: boolean;
}

/** The figures of a task, for DownloadStatus. */
export type TaskFigures = Pick<
  DownloadStatus,
  'size' | 'bytes' | 'bytesFromBefore' | 'wastedBytes' | 'bytesPerSecond' | 'sources' | 'filesDone' | 'files'
>;

/** The work of one download: a file or a folder. Runs one at a time; what was reached is kept between runs. */
export interface Task {
  /**
   * Works until everything is here, and returns where it lies. When it ends, nothing of it runs any more, and what is
   * unfinished is kept on disk.
   * @throws ShoalError why it stopped: CANCELLED when `signal` aborted
   */
  run(signal: AbortSignal, events: RunEvents): Promise<string>;
  /** Deletes what is unfinished. Not during a run. */
  discard(): Promise<void>;
  /** Remembers with what is unfinished that the user paused it. Not during a run. */
  setPaused(paused: boolean): Promise<void>;
  addHolder(fileId: FileId, holder: FileHolder): void;
  /** To be called about twice a second during a run. */
  tick(): void;
  figures(): TaskFigures;
  stallFacts(): StallFacts;
  /** Bytes verified in this run of the program: grows with every progress. */
  readonly fetchedBytes: number;
}

/** Fails a download that no reachable peer can serve. */
export function noSource(path: string): ShoalError {
  return new ShoalError('NOT_FOUND', `no reachable peer has ${path}`, {
    hint: 'Try again when its owner is online.',
  });
}

/** Ends a run whose signal was aborted. */
export function downloadStopped(): ShoalError {
  return new ShoalError('CANCELLED', 'the download was stopped');
}

/** Rejects a FileId that is not the one of an empty file, for a file listed with size 0. */
export function notEmpty(path: string): ShoalError {
  return new ShoalError(
    'INTEGRITY',
    `${path} is listed as empty, but its FileId is not that of an empty file`,
  );
}

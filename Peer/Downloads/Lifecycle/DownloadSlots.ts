import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Rank } from '../Model.ts';
import type { DownloadRun } from './DownloadRun.ts';

/** Pushed downloads that run at once, besides those of the user. */
const PUSHED_MAX = 4;
/** Time without any bytes after which a pushed download gives its place to the next one. */
const STALLED_MS = 30_000;
/** Places in a row, ten minutes in all, that a pushed download may have without any bytes; then it ends. */
const TRIES_MAX = 20;
/** Added to the priority number of a pushed download: requests of the user's own downloads go first. */
export const PUSHED_PRIORITY = 2 ** 32;

/** Rank of a new download: the user's own ones are ordered by number. */
export function rankOf(number: number, pushedBy: string | undefined): Rank {
  return { value: pushedBy === undefined ? number : PUSHED_PRIORITY + number };
}

interface Progress {
  bytes: number;
  sinceMs: number;
  /** Places given back in a row without any bytes, and when the last one was. */
  tries: number;
  yieldedMs: number;
}

/**
 * Decides which queued download runs next. The user's own downloads run in the order of their ranks. Pushed ones have
 * places of their own, shared evenly among the senders, so that no number of pushes delays a download of the user.
 */
export class DownloadSlots {
  readonly #ownMax: number;
  readonly #progress = new WeakMap<DownloadRun, Progress>();

  constructor(ownMax: number) {
    this.#ownMax = ownMax;
  }

  /** The queued download that may run now. */
  next(downloads: Iterable<DownloadRun>): DownloadRun | undefined {
    let own = 0;
    let pushed = 0;
    let next: DownloadRun | undefined;
    const running = new Map<string, number>();
    const waiting: DownloadRun[] = [];
    for (const download of downloads) {
      const { pushedBy } = download;
      if (download.running) {
        if (pushedBy === undefined) own++;
        else {
          pushed++;
          running.set(pushedBy, (running.get(pushedBy) ?? 0) + 1);
        }
      } else if (download.state === 'waiting') {
        if (pushedBy === undefined) next = next === undefined || isBefore(download, next) ? download : next;
        else waiting.push(download);
      }
    }
    if (next !== undefined && own < this.#ownMax) return next;
    if (pushed >= PUSHED_MAX) return undefined;
    const ofSender = ({ pushedBy = '' }: DownloadRun) => running.get(pushedBy) ?? 0;
    const yieldedMs = (download: DownloadRun) =>
      this.#progress.get(download)?.yieldedMs ?? Number.NEGATIVE_INFINITY;
    return waiting.reduce<DownloadRun | undefined>((best, each) => {
      if (best === undefined) return each;
      const order = ofSender(each) - ofSender(best);
      return order < 0 || (order === 0 && yieldedMs(each) < yieldedMs(best)) ? each : best;
    }, undefined);
  }

  /** Puts a download before all others of the user. Without a free place, the last of the running ones waits. */
  putFirst(downloads: Iterable<DownloadRun>, first: DownloadRun): void {
    const own = [...downloads].filter(
      ({ pushedBy, state }) => pushedBy === undefined && state !== 'done' && state !== 'cancelled',
    );
    if (own.every((each) => each === first || isBefore(first, each))) return;
    first.rank.value = Math.min(...own.map(({ rank }) => rank.value)) - 1;
    const running = own.filter((each) => each.running);
    if (first.state !== 'waiting' || running.length < this.#ownMax) return;
    running.reduce((last, each) => (isBefore(last, each) ? each : last)).yieldPlace();
  }

  /** Takes the places of pushed downloads without progress. */
  tick(downloads: Iterable<DownloadRun>, nowMs: number): void {
    const stalled = [...downloads].filter((download) => this.#isStalled(download, nowMs));
    for (const download of stalled) {
      const progress = this.#progress.get(download);
      if (progress === undefined) continue;
      progress.yieldedMs = nowMs;
      progress.sinceMs = nowMs;
      if (++progress.tries < TRIES_MAX) download.yieldPlace();
      else download.fail(notDelivered(download.path));
    }
  }

  #isStalled(download: DownloadRun, nowMs: number): boolean {
    if (download.pushedBy === undefined) return false;
    const { fetchedBytes } = download.task;
    const progress = this.#progress.get(download);
    const moves = download.running && download.task.figures().bytesPerSecond > 0;
    if (progress === undefined || progress.bytes !== fetchedBytes || moves) {
      const yieldedMs = progress?.yieldedMs ?? Number.NEGATIVE_INFINITY;
      this.#progress.set(download, { bytes: fetchedBytes, sinceMs: nowMs, tries: 0, yieldedMs });
      return false;
    }
    if (!download.running) progress.sinceMs = nowMs;
    return nowMs - progress.sinceMs >= STALLED_MS;
  }
}

function isBefore(one: DownloadRun, other: DownloadRun): boolean {
  return one.rank.value < other.rank.value;
}

function notDelivered(path: string): ShoalError {
  return new ShoalError('TIMEOUT', `${path} was offered, but its sender does not send it`, {
    hint: 'Ask the sender to send it again.',
  });
}

import { type Clock, every } from '../../../Shared/Clock.ts';
import type { DownloadStatus } from '../../Model.ts';
import { isActive, progressLine } from '../Views/DownloadTexts.ts';
import { shortenEnd } from '../Views/TextFit.ts';

/** Four times a second: quick enough to be alive, slow enough to be read. */
export const PROGRESS_INTERVAL_MS = 250;
/** More downloads than this share one line. */
const LINES_MAX = 4;

/** A line for each running download, at most a few, at most `width` columns wide. */
export function progressLines(downloads: readonly DownloadStatus[], width: number): string[] {
  const active = downloads.filter((download) => isActive(download.state));
  const shown = active.length > LINES_MAX ? active.slice(0, LINES_MAX - 1) : active;
  const lines = shown.map((download) => progressLine(download, width));
  const more = active.length - shown.length;
  return more > 0 ? [...lines, shortenEnd(`… and ${more} more: downloads`, width)] : lines;
}

export interface ProgressOptions {
  readonly clock: Clock;
  downloads(): readonly DownloadStatus[];
  columns(): number;
  show(lines: readonly string[]): void;
}

/** Keeps the progress lines of a terminal fresh until the returned function is called. */
export function keepProgress(options: ProgressOptions): () => void {
  // The last column stays free: some terminals break the row there.
  return every(options.clock, PROGRESS_INTERVAL_MS, () => {
    options.show(progressLines(options.downloads(), options.columns() - 1));
  });
}

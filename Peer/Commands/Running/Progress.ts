import { type Clock, every } from '../../../Shared/Time/Clock.ts';
import type { DownloadStatus } from '../../DownloadModel.ts';
import { isActive, progressLine } from '../Views/DownloadTexts.ts';
import { shortenEnd } from '../Views/TextFit.ts';

/** Four updates per second: fast enough to look live, slow enough to read. */
export const PROGRESS_INTERVAL_MS = 250;
/** Most progress lines; further downloads share the last one. */
const LINES_MAX = 4;

/** One line per active download, at most LINES_MAX, each at most `width` columns wide. */
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

/** Updates the progress lines of a terminal until the returned function is called. */
export function keepProgress(options: ProgressOptions): () => void {
  // The last column stays free: some terminals wrap the row there.
  return every(options.clock, PROGRESS_INTERVAL_MS, () => {
    options.show(progressLines(options.downloads(), options.columns() - 1));
  });
}

import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadState, DownloadStatus } from '../../DownloadModel.ts';
import type { ShareStatus } from '../../ShareModel.ts';
import {
  bar,
  formatBytes,
  formatDuration,
  formatRate,
  formatTimeLeft,
  percent,
  plural,
} from './HumanUnits.ts';
import { baseName } from './Items.ts';
import { pad, shortenEnd, shortenMiddle, widthOf } from './TextFit.ts';

/** Whether a download runs or waits, without a user's help. */
export function isActive(state: DownloadState): boolean {
  return state !== 'done' && state !== 'paused' && state !== 'failed' && state !== 'cancelled';
}

/** Whether a download is active or paused. */
export function isUnfinished(state: DownloadState): boolean {
  return isActive(state) || state === 'paused';
}

/** The state in words. */
function stateText(state: DownloadState): string {
  switch (state) {
    case 'waiting':
      return 'waiting for a download slot';
    case 'searching':
      return 'looking for sources';
    case 'describing':
      return 'requesting the chunk list';
    case 'fetching':
    case 'finishing':
    case 'done':
    case 'paused':
    case 'failed':
    case 'cancelled':
      return state;
  }
}

/** State, or the reason for a stall: `queued at 3 of 7 by studio`, `paused: disk full, again in 12 s`. */
export function stateAndCause({ state, error, reason }: DownloadStatus): string {
  const why = state === 'failed' ? (error?.message ?? reason) : reason;
  if (why === undefined || why === state) return stateText(state);
  const both = state === 'failed' || state === 'paused' || state === 'cancelled' || state === 'done';
  return both ? `${stateText(state)}: ${safeText(why)}` : safeText(why);
}

/** `37 %, 112 MB/s, 12 s left`, or the reason for a stall. */
export function progressText(download: DownloadStatus): string {
  const parts = [`${percent(download.bytes, download.size)} %`];
  const left = formatTimeLeft(download.secondsLeft);
  if (download.reason !== undefined) parts.push(safeText(download.reason));
  else if (download.state !== 'fetching') parts.push(stateText(download.state));
  else {
    parts.push(formatRate(download.bytesPerSecond));
    if (left !== undefined) parts.push(`${left} left`);
  }
  return parts.join(', ');
}

/** Line for a download that starts in the background. */
export function startedText(download: DownloadStatus): string {
  const name = safeText(baseName(download.path));
  const size = download.size > 0 ? ` (${formatBytes(download.size)})` : '';
  const resumed = download.bytes > 0 ? `, ${percent(download.bytes, download.size)} % already here` : '';
  return `Downloading ${name}${size} as number ${download.number}${resumed}`;
}

/** Line at the end of a peer for downloads that continue at its next start; undefined: none is active. */
export function leftText(
  downloads: readonly DownloadStatus[],
  { folder }: Pick<ShareStatus, 'folder'>,
): string | undefined {
  const left = downloads.filter(({ state }) => isActive(state)).length;
  const again = `when a peer starts again with --share ${safeText(folder)}`;
  if (left === 0) return undefined;
  return left === 1
    ? `1 download is not complete. It continues ${again}`
    : `${left} downloads are not complete. They continue ${again}`;
}

/** Line for a complete download, one for names that the disk changed, and one for names that were taken. */
export function doneText(download: DownloadStatus): string {
  const { renamed = 0, beside = 0 } = download;
  const lines = [whatIsDone(download)];
  const names = renamed === 1 ? '1 name was changed' : `${renamed} names were changed`;
  if (renamed > 0) lines.push(`${names} to what can be kept and shared here`);
  if (beside === 1)
    lines.push('1 name was taken by another file, which stays: the new one lies beside it as "name (2)"');
  if (beside > 1)
    lines.push(
      `${beside} names were taken by other files, which stay: the new ones lie beside them as "name (2)"`,
    );
  return lines.join('\n');
}

function whatIsDone(download: DownloadStatus): string {
  const name = safeText(baseName(download.path));
  const where = download.finalPath === undefined ? '' : `: ${safeText(download.finalPath)}`;
  const fetched = download.bytes - download.bytesFromBefore;
  if (fetched <= 0 && download.size > 0) return `${name} is here already${where}`;
  const files = download.files > 1 ? `${plural(download.files, 'file')}, ` : '';
  const tookMs = download.tookMs;
  const time =
    tookMs === undefined
      ? ''
      : ` in ${formatDuration(tookMs)} (${formatRate((fetched * 1_000) / Math.max(1, tookMs))})`;
  const givers = download.sources.filter((source) => source.bytes > 0).length;
  const from = givers > 0 ? ` from ${plural(givers, 'peer')}` : '';
  return `${name} is done: ${files}${formatBytes(download.size)}${time}${from}${where}`;
}

/** Line for a download that failed, was paused or was cancelled. */
export function notDoneText(download: DownloadStatus): string {
  const name = safeText(baseName(download.path));
  const why = download.error?.message ?? download.reason;
  return `${name} ${endWord(download.state)}${why === undefined ? '' : `: ${safeText(why)}`}`;
}

/** Widest name where a progress line has no room for a bar, in columns. */
const NARROW_NAME = 10;

/** Fields of a download that a progress line shows; its JSON has them too. */
export interface ProgressFacts
  extends Pick<DownloadStatus, 'path' | 'bytes' | 'size' | 'state' | 'bytesPerSecond'> {
  readonly reason: string | null | undefined;
  readonly secondsLeft: number | null | undefined;
  readonly sources: readonly { readonly state: string }[];
}

/** `film.mkv  ━━━━━━────  37 %  112 MB/s  12 s left  2 sources`, at most `width` columns. */
export function progressLine(download: ProgressFacts, width: number): string {
  const done = percent(download.bytes, download.size);
  let facts = [`${String(done).padStart(3)} %`];
  const { reason, secondsLeft } = download;
  if (typeof reason === 'string') facts.push(safeText(reason));
  else if (download.state === 'fetching') {
    facts.push(formatRate(download.bytesPerSecond).padStart(9));
    const left = formatTimeLeft(secondsLeft ?? undefined);
    if (left !== undefined) facts.push(`${left} left`);
    facts.push(plural(download.sources.filter((source) => source.state === 'active').length, 'source'));
  } else facts.push(stateText(download.state));
  const name = safeText(baseName(download.path));
  const narrow = shortenMiddle(name, NARROW_NAME);
  const isTooWide = () => widthOf(`${narrow}  ${facts.join('  ')}`) > width;
  if (isTooWide()) facts = facts.map((fact) => fact.trim());
  // The last facts are the least important; a reason or a state is shortened instead.
  const fewest = typeof reason !== 'string' && download.state === 'fetching' ? 1 : 2;
  while (facts.length > fewest && isTooWide()) facts.pop();
  const tail = facts.join('  ');
  const room = width - widthOf(tail) - 4;
  if (room < 12) return shortenEnd(`${narrow}  ${tail}`, width);
  const barWidth = Math.min(24, Math.max(6, Math.floor(room / 3)));
  const nameWidth = Math.min(32, room - barWidth);
  return `${pad(shortenMiddle(name, nameWidth), nameWidth)}  ${bar(done, barWidth)}  ${tail}`;
}

function endWord(state: DownloadState): string {
  if (state === 'failed') return 'failed';
  return state === 'paused'
    ? 'is paused'
    : state === 'cancelled'
      ? 'was cancelled'
      : `is ${stateText(state)}`;
}

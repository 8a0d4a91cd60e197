import { shortPeerId } from '../../../Protocol/Ids.ts';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus, SourceStatus } from '../../DownloadModel.ts';
import { isActive, progressText, stateAndCause } from './DownloadTexts.ts';

import { formatBytes, formatDuration, formatRate, formatTimeLeft, percent } from './HumanUnits.ts';
import { peerLabel } from './ReachabilityViews.ts';
import { factsText } from './StatusViews.ts';
import { renderTable } from './TextTable.ts';
import { nextCommand, type ViewStyle } from './ViewStyle.ts';

/** `downloads` */
export function downloadsText(downloads: readonly DownloadStatus[], style: ViewStyle): string {
  if (downloads.length === 0) {
    const next = ['search <words>', 'download <file>'].map((command) => nextCommand(style, command));
    return `No downloads yet. Find a file and download it: ${next.join(', ')}`;
  }
  const { good, bad, notice } = style.paint;
  const stateCell = (download: DownloadStatus) => {
    const paint = download.state === 'done' ? good : download.state === 'failed' ? bad : notice;
    return { text: stateAndCause(download), paint };
  };
  return renderTable(downloads, style, [
    { title: '#', align: 'right', of: ({ number }) => String(number) },
    { title: 'Name', shrink: 'middle', of: ({ path }) => safeText(path) },
    { title: 'Size', align: 'right', of: ({ size }) => formatBytes(size) },
    { title: 'Done', align: 'right', of: ({ bytes, size }) => `${percent(bytes, size)} %` },
    { title: 'State', shrink: 'middle', min: 9, of: stateCell },
    { title: 'Speed', align: 'right', drop: 2, of: speedText },
    { title: 'Left', align: 'right', drop: 1, of: timeText },
    { title: 'Sources', align: 'right', drop: 3, of: sourcesText },
  ]);
}

function speedText({ state, reason, bytesPerSecond }: DownloadStatus): string {
  return state === 'fetching' && reason === undefined ? formatRate(bytesPerSecond) : '';
}

function timeText({ state, secondsLeft, tookMs }: DownloadStatus): string {
  if (isActive(state)) return formatTimeLeft(secondsLeft) ?? '';
  return tookMs === undefined ? '' : `in ${formatDuration(tookMs)}`;
}

function sourcesText({ state, sources }: DownloadStatus): string {
  return isActive(state) ? String(sources.filter((source) => source.state === 'active').length) : '';
}

/** `downloads <number>`: one download and its sources. */
export function downloadText(download: DownloadStatus, style: ViewStyle): string {
  const { fileId, files, filesDone, renamed, beside, bytesFromBefore, wastedBytes, error, finalPath } =
    download;
  const head = factsText(style, [
    ['Name', safeText(download.path)],
    ['Number', String(download.number)],
    [
      'Progress',
      `${progressText(download)} (${formatBytes(download.bytes)} of ${formatBytes(download.size)})`,
    ],
    ['Id', fileId],
    ['Files', files > 1 ? `${filesDone} of ${files}` : undefined],
    ['Names changed', renamed ? `${renamed}, to what can be kept and shared here` : undefined],
    ['Names taken', beside ? `${beside}: the new files lie beside the others, as "name (2)"` : undefined],
    ['Already here', bytesFromBefore > 0 ? formatBytes(bytesFromBefore) : undefined],
    ['Wasted', wastedBytes > 0 ? formatBytes(wastedBytes) : undefined],
    ['Error', error && safeText(error.message)],
    ['File', finalPath && safeText(finalPath)],
  ]);
  if (download.sources.length === 0) return head;
  const speed = ({ state, bytesPerSecond }: SourceStatus) =>
    state === 'active' ? formatRate(bytesPerSecond) : '';
  const table = renderTable(download.sources, style, [
    { title: 'Source', shrink: 'end', of: ({ peer }) => peerLabel(peer) },
    { title: 'Address', of: ({ peer }) => formatAddress(peer.address) },
    { title: 'Id', drop: 3, of: ({ peer }) => (peer.peerId === undefined ? '' : shortPeerId(peer.peerId)) },
    { title: 'State', of: sourceStateText },
    { title: 'Received', align: 'right', of: ({ bytes }) => formatBytes(bytes) },
    { title: 'Speed', align: 'right', drop: 1, of: speed },
    { title: 'Chunks', align: 'right', drop: 2, of: ({ chunksHeld }) => String(chunksHeld) },
  ]);
  return `${head}\n\n${table}`;
}

function sourceStateText({ state, place, queueLength, why, retryInMs }: SourceStatus): string {
  if (state === 'queued' && place !== undefined)
    return `queued at ${place}${queueLength === undefined ? '' : ` of ${queueLength}`}`;
  const what = state === 'left' && why !== undefined ? why : state;
  return retryInMs === undefined || state === 'active' ? what : `${what}, again in ${seconds(retryInMs)}`;
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1_000))} s`;
}

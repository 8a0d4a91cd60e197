import { shortPeerId } from '../../../Protocol/Ids.ts';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus, SourceStatus } from '../../DownloadModel.ts';
import { isActive, progressText, stateAndCause } from './DownloadTexts.ts';

import { formatBytes, formatDuration, formatRate, formatTimeLeft, percent } from './HumanUnits.ts';
import { peerLabel } from './ReachabilityViews.ts';
import { factsText } from './StatusViews.ts';
import { type Column, renderTable } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

/** `downloads` */
export function downloadsText(downloads: readonly DownloadStatus[], style: ViewStyle): string {
  if (downloads.length === 0)
    return 'No downloads yet. Find a file and download it: search <words>, download <file>';
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'Name', shrink: 'middle' },
    { title: 'Size', align: 'right' },
    { title: 'Done', align: 'right' },
    { title: 'State', shrink: 'middle', min: 9 },
    { title: 'Speed', align: 'right', drop: 2 },
    { title: 'Left', align: 'right', drop: 1 },
    { title: 'Sources', align: 'right', drop: 3 },
  ];
  const row = (download: DownloadStatus) => {
    const active = isActive(download.state);
    const moving = active && download.state === 'fetching' && download.reason === undefined;
    const paint =
      download.state === 'done'
        ? style.paint.good
        : download.state === 'failed'
          ? style.paint.bad
          : style.paint.notice;
    const took = download.tookMs === undefined ? '' : `in ${formatDuration(download.tookMs)}`;
    return [
      String(download.number),
      safeText(download.path),
      formatBytes(download.size),
      `${percent(download.bytes, download.size)} %`,
      { text: stateAndCause(download), paint },
      moving ? formatRate(download.bytesPerSecond) : '',
      active ? (formatTimeLeft(download.secondsLeft) ?? '') : took,
      active ? String(download.sources.filter((source) => source.state === 'active').length) : '',
    ];
  };
  return renderTable(columns, downloads.map(row), style.width, style.paint);
}

/** `downloads <number>`: one download and its sources. */
export function downloadText(download: DownloadStatus, style: ViewStyle): string {
  const facts: [string, string][] = [
    ['Name', safeText(download.path)],
    ['Number', String(download.number)],
    [
      'Progress',
      `${progressText(download)} (${formatBytes(download.bytes)} of ${formatBytes(download.size)})`,
    ],
  ];
  if (download.fileId !== undefined) facts.push(['Id', download.fileId]);
  if (download.files > 1) facts.push(['Files', `${download.filesDone} of ${download.files}`]);
  if (download.renamed)
    facts.push(['Names changed', `${download.renamed}, to what can be kept and shared here`]);
  if (download.bytesFromBefore > 0) facts.push(['Already here', formatBytes(download.bytesFromBefore)]);
  if (download.wastedBytes > 0) facts.push(['Wasted', formatBytes(download.wastedBytes)]);
  if (download.error !== undefined) facts.push(['Error', safeText(download.error.message)]);
  if (download.finalPath !== undefined) facts.push(['File', safeText(download.finalPath)]);
  const head = factsText(facts, style);
  if (download.sources.length === 0) return head;
  const columns: Column[] = [
    { title: 'Source', shrink: 'end' },
    { title: 'Address' },
    { title: 'Id', drop: 3 },
    { title: 'State' },
    { title: 'Received', align: 'right' },
    { title: 'Speed', align: 'right', drop: 1 },
    { title: 'Chunks', align: 'right', drop: 2 },
  ];
  const row = (source: SourceStatus) => [
    peerLabel(source.peer),
    formatAddress(source.peer.address),
    source.peer.peerId === undefined ? '' : shortPeerId(source.peer.peerId),
    sourceStateText(source),
    formatBytes(source.bytes),
    source.state === 'active' ? formatRate(source.bytesPerSecond) : '',
    String(source.chunksHeld),
  ];
  return `${head}\n\n${renderTable(columns, download.sources.map(row), style.width, style.paint)}`;
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

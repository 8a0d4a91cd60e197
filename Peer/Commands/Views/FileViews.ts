import { safeText } from '../../../Shared/SafeText.ts';
import type { CatalogEntry, DownloadStatus, SearchHit, SearchResult, ShareStatus } from '../../Model.ts';
import type { ViewStyle } from '../CommandResult.ts';
import { isActive, progressText } from './DownloadTexts.ts';
import { formatBytes, formatCount, formatDate, formatRate, plural } from './HumanUnits.ts';
import { type Cell, type Column, renderTable } from './TextTable.ts';

/** A list as a table of at most `rowsMax` rows, and a line that says what is missing. */
export function limitedTable<T>(
  columns: readonly Column[],
  items: readonly T[],
  row: (item: T, index: number) => readonly (Cell | string)[],
  style: ViewStyle,
  narrower: string,
): string {
  const shown = items.length > style.rowsMax ? items.slice(0, style.rowsMax) : items;
  const table = renderTable(columns, shown.map(row), style.width, style.paint);
  if (shown.length === items.length) return table;
  return `${table}\n${style.paint.dim(`… and ${formatCount(items.length - shown.length)} more. ${narrower}`)}`;
}

/** `list`: what is here and what is on its way. */
export function localFilesText(
  folder: string,
  entries: readonly CatalogEntry[],
  downloads: readonly DownloadStatus[],
  share: ShareStatus,
  style: ViewStyle,
): string {
  const active = downloads.filter((download) => isActive(download.state) || download.state === 'paused');
  const parts: string[] = [];
  if (entries.length > 0) {
    parts.push(limitedTable(FILE_COLUMNS, entries, fileRow, style, 'See a part of them: list <folder>'));
  }
  if (active.length > 0) {
    const columns: Column[] = [
      { title: 'On its way', shrink: 'middle' },
      { title: 'Size', align: 'right' },
      { title: 'Progress', shrink: 'end', min: 8 },
    ];
    const row = (download: DownloadStatus) => [
      safeText(download.path),
      formatBytes(download.size),
      { text: progressText(download), paint: style.paint.notice },
    ];
    parts.push(renderTable(columns, active.map(row), style.width, style.paint));
  }
  parts.push(listFooter(folder, entries, share, style));
  return parts.join('\n\n');
}

function listFooter(
  folder: string,
  entries: readonly CatalogEntry[],
  share: ShareStatus,
  style: ViewStyle,
): string {
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  const source = share.manifest === undefined ? share.folder : `manifest ${share.manifest}`;
  const place = folder === '' ? safeText(source) : `folder ${safeText(folder)}`;
  const fill = share.manifest === undefined ? 'Put files into' : 'Name files (name path) in the';
  const lines = [
    entries.length === 0
      ? `Nothing is shared yet. ${fill} ${place}, or find some: search <words>`
      : style.paint.dim(`${plural(entries.length, 'file')}, ${formatBytes(bytes)} in ${place}`),
  ];
  const { hashing } = share;
  if (hashing.files > 0) {
    const rate = hashing.bytesPerSecond > 0 ? ` at ${formatRate(hashing.bytesPerSecond)}` : '';
    lines.push(`${plural(hashing.files, 'more file')} (${formatBytes(hashing.bytes)}) being read${rate}`);
  } else if (!share.scanned) lines.push('The folder is still being read.');
  return lines.join('\n');
}

/** `ls <peer>` */
export function remoteFilesText(
  peerName: string,
  folder: string,
  entries: readonly CatalogEntry[],
  style: ViewStyle,
): string {
  const peer = safeText(peerName);
  const place = folder === '' ? peer : `${peer}, folder ${safeText(folder)}`;
  if (entries.length === 0)
    return `${place} shares nothing${folder === '' ? '. Others may: peers' : ' there'}`;
  const table = limitedTable(FILE_COLUMNS, entries, fileRow, style, 'See a part of them: ls <peer> <folder>');
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  return `${table}\n\n${style.paint.dim(`${plural(entries.length, 'file')}, ${formatBytes(bytes)} at ${place}`)}`;
}

/** `search` */
export function searchText(words: string, result: SearchResult, style: ViewStyle): string {
  const { hits, truncated } = result;
  if (hits.length === 0) {
    return `Nobody has a file named "${safeText(words)}". Try fewer or shorter words, or see who is here: peers`;
  }
  const ids = shortIds(hits);
  const columns: Column[] = [
    { title: 'Name', shrink: 'middle' },
    { title: 'Size', align: 'right' },
    { title: 'Have it', align: 'right' },
    { title: 'Who', shrink: 'end', min: 10, drop: 2 },
    { title: 'Id', drop: 1 },
  ];
  const table = limitedTable(
    columns,
    hits,
    (hit, index) => [
      safeText(hit.path),
      formatBytes(hit.size),
      formatCount(hit.holderCount),
      holderNames(hit),
      ids[index] ?? '',
    ],
    style,
    'Use more words.',
  );
  const more = truncated ? ' (there are more: use more words)' : '';
  const next = `${plural(hits.length, 'file')}${more}. Fetch one: download <name or id>`;
  return `${table}\n\n${style.paint.dim(next)}`;
}

/** Several contents answer to what was asked for: the user has to choose. */
export function choiceText(what: string, hits: readonly SearchHit[], style: ViewStyle): string {
  const ids = shortIds(hits);
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'Id' },
    { title: 'Name', shrink: 'middle' },
    { title: 'Size', align: 'right' },
    { title: 'Have it', align: 'right' },
    { title: 'Who', shrink: 'end', min: 10, drop: 1 },
  ];
  const row = (hit: SearchHit, index: number) => [
    String(index + 1),
    { text: ids[index] ?? '', paint: style.paint.notice },
    safeText(hit.path),
    formatBytes(hit.size),
    formatCount(hit.holderCount),
    holderNames(hit),
  ];
  const table = limitedTable(columns, hits, row, style, 'Name the folder too.');
  const first = ids[0] ?? '<id>';
  return `Different files are named "${safeText(what)}":\n\n${table}\n\nChoose by id: download ${first}`;
}

const FILE_COLUMNS: readonly Column[] = [
  { title: 'Name', shrink: 'middle', min: 20 },
  { title: 'Size', align: 'right' },
  { title: 'Changed', drop: 1 },
  { title: 'Id', drop: 2 },
];

/** The first 8 digits of an id. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** Starts of the ids, 8 digits or as many more as tell them apart. */
export function shortIds(hits: readonly { readonly fileId: string }[]): string[] {
  const ids = hits.map((hit) => hit.fileId);
  const different = new Set(ids).size;
  let length = 8;
  while (length < 64 && new Set(ids.map((id) => id.slice(0, length))).size < different) length++;
  return ids.map((id) => id.slice(0, length));
}

function holderNames(hit: SearchHit): string {
  const names = hit.holders.map((holder) => safeText(holder.name) + (holder.complete ? '' : ' (part)'));
  const more = hit.holderCount - hit.holders.length;
  return names.join(', ') + (more > 0 ? ` +${formatCount(more)}` : '');
}

/** A row of FILE_COLUMNS. */
function fileRow(entry: CatalogEntry): string[] {
  return [safeText(entry.path), formatBytes(entry.size), formatDate(entry.modifiedMs), shortId(entry.fileId)];
}

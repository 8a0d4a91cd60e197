import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus } from '../../DownloadModel.ts';
import type { CatalogEntry, SearchHit, SearchResult } from '../../Model.ts';
import type { HashingStatus, ShareStatus } from '../../ShareModel.ts';
import { missingTrackersText } from './ClusterViews.ts';
import { progressText } from './DownloadTexts.ts';
import { formatBytes, formatCount, formatDate, formatRate, plural } from './HumanUnits.ts';
import { type Column, limitedTable, renderTable } from './TextTable.ts';
import { nextCommand, type ViewStyle } from './ViewStyle.ts';

/** `list`: files of the share and unfinished downloads. */
export function localFilesText(
  folder: string,
  entries: readonly CatalogEntry[],
  unfinished: readonly DownloadStatus[],
  share: ShareStatus,
  style: ViewStyle,
): string {
  const parts: string[] = [];
  if (entries.length > 0)
    parts.push(limitedTable(entries, style, 'List one folder: list <folder>', FILE_COLUMNS));
  if (unfinished.length > 0) {
    const progress = (each: DownloadStatus) => ({ text: progressText(each), paint: style.paint.notice });
    const table = renderTable(unfinished, style, [
      { title: 'Unfinished', shrink: 'middle', of: ({ path }) => safeText(path) },
      { title: 'Size', align: 'right', of: ({ size }) => formatBytes(size) },
      { title: 'Progress', shrink: 'end', min: 8, of: progress },
    ]);
    parts.push(table);
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
  const fill =
    share.manifest === undefined ? 'Put files into' : 'Write a line "name path" for each file into the';
  const lines = [
    entries.length === 0
      ? `No files are shared yet. ${fill} ${place}, or find files of others: ${nextCommand(style, 'search <words>')}`
      : style.paint.dim(`${plural(entries.length, 'file')}, ${formatBytes(bytes)} in ${place}`),
  ];
  if (share.hashing.files > 0) lines.push(`Not yet: ${notYetText(share.hashing)}`);
  else if (!share.scanned) lines.push('The share is still being scanned. Repeat the command in a moment.');
  const left = share.notShared.reduce((sum, { count }) => sum + count, 0);
  if (left > 0)
    lines.push(`Not shared: ${plural(left, 'name')}. Which ones, and why: ${nextCommand(style, 'status')}`);
  return lines.join('\n');
}

/** Files that are not shared yet, and why. */
export function notYetText({ files, bytes, bytesPerSecond, waiting }: HashingStatus): string {
  const what = `${plural(files, 'file')}, ${formatBytes(bytes)}`;
  if (files > 0 && waiting === files)
    return `${what}: shared when nothing writes to ${files === 1 ? 'it' : 'them'} any more`;
  const rate = bytesPerSecond > 0 ? ` at ${formatRate(bytesPerSecond)}` : '';
  return `${what} to be hashed${rate}${waiting > 0 ? `, ${formatCount(waiting)} of them still being written` : ''}`;
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
    return `${place}: no files are shared. List the other peers: ${nextCommand(style, 'peers')}`;
  const table = limitedTable(entries, style, 'List one folder: ls <peer> <folder>', FILE_COLUMNS);
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  return `${table}\n\n${style.paint.dim(`${plural(entries.length, 'file')}, ${formatBytes(bytes)} at ${place}`)}`;
}

/** `search` */
export function searchText(words: string, result: SearchResult, style: ViewStyle): string {
  const { hits, truncated } = result;
  const missing = missingTrackersText(result, 'files');
  const end = missing === undefined ? '' : `\n${style.paint.bad(missing)}`;
  if (hits.length === 0 && truncated)
    return `The first files that were found are all left out by "${safeText(words)}": use more words${end}`;
  if (hits.length === 0) {
    return `No peer shares a file that matches "${safeText(words)}". Use fewer or shorter words, or list the peers: ${nextCommand(style, 'peers')}${end}`;
  }
  const ids = shortIds(hits);
  const holders = ({ holderCount, here }: SearchHit) => formatCount(holderCount + (here === true ? 1 : 0));
  const table = limitedTable(hits, style, 'Use more words.', [
    { title: 'Name', shrink: 'middle', of: ({ path }) => safeText(path) },
    { title: 'Size', align: 'right', of: ({ size }) => formatBytes(size) },
    { title: 'Have it', align: 'right', of: holders },
    { title: 'Who', shrink: 'end', min: 10, drop: 2, of: holderNames },
    { title: 'Id', drop: 1, of: (_, index) => ids[index] ?? '' },
  ]);
  const more = truncated ? ' (only the first ones: use more words)' : '';
  const next = `${plural(hits.length, 'file')}${more}. Download one: ${nextCommand(style, 'download <name or id>')}`;
  return `${table}\n\n${style.paint.dim(next)}${end}`;
}

/** Choice between different files of one name. */
export function choiceText(
  what: string,
  hits: readonly SearchHit[],
  exact: boolean,
  style: ViewStyle,
): string {
  const ids = shortIds(hits);
  const id = (_: SearchHit, index: number) => ({ text: ids[index] ?? '', paint: style.paint.notice });
  const table = limitedTable(hits, style, 'Add the folder: download <folder>/<file>', [
    { title: '#', align: 'right', of: (_, index) => String(index + 1) },
    { title: 'Id', of: id },
    { title: 'Name', shrink: 'middle', of: ({ path }) => safeText(path) },
    { title: 'Size', align: 'right', of: ({ size }) => formatBytes(size) },
    { title: 'Have it', align: 'right', of: ({ holderCount }) => formatCount(holderCount) },
    { title: 'Who', shrink: 'end', min: 10, drop: 1, of: holderNames },
  ]);
  const first = ids[0] ?? '<id>';
  const title = exact ? 'Different files are named' : 'Files that match the words of';
  return `${title} "${safeText(what)}":\n\n${table}\n\nChoose one by its id: ${nextCommand(style, `download ${first}`)}`;
}

const FILE_COLUMNS: readonly Column<CatalogEntry>[] = [
  { title: 'Name', shrink: 'middle', min: 20, of: ({ path }) => safeText(path) },
  { title: 'Size', align: 'right', of: ({ size }) => formatBytes(size) },
  { title: 'Changed', drop: 1, of: ({ modifiedMs }) => formatDate(modifiedMs) },
  { title: 'Id', drop: 2, of: ({ fileId }) => shortId(fileId) },
];

/** The first 8 digits of an id. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** The shortest prefixes of at least 8 digits that are unique among these ids. */
export function shortIds(hits: readonly { readonly fileId: string }[]): string[] {
  const ids = hits.map((hit) => hit.fileId);
  const different = new Set(ids).size;
  let length = 8;
  while (length < 64 && new Set(ids.map((id) => id.slice(0, length))).size < different) length++;
  return ids.map((id) => id.slice(0, length));
}

function holderNames(hit: SearchHit): string {
  const others = hit.holders.map((holder) => safeText(holder.name) + (holder.complete ? '' : ' (part)'));
  const names = hit.here === true ? ['here', ...others] : others;
  const more = hit.holderCount - hit.holders.length;
  return names.join(', ') + (more > 0 ? ` +${formatCount(more)}` : '');
}

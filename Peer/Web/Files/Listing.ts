import { toUSVString } from 'node:util';
import { html } from 'hono/html';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { FileSummary } from '../../Model.ts';

/** One row of a folder: a file, or a folder with the sum of its files. */
interface ListingRow {
  /** A folder ends with a slash. */
  readonly name: string;
  bytes: number;
  modifiedMs: number;
}

/** Rows of one listing, and the number of those left out. */
export interface FolderRows {
  readonly rows: readonly ListingRow[];
  readonly more: number;
}

/** Rows of one listing; the rest is counted. */
const ROWS_MAX = 5_000;

/** Rows of a folder of the share, folders first. @param files - all files below it, by path */
export function rowsOf(folder: string, files: Iterable<FileSummary>): FolderRows {
  const start = folder === '' ? 0 : folder.length + 1;
  const folders: ListingRow[] = [];
  const plain: ListingRow[] = [];
  let count = 0;
  /** The files of a folder follow one another. */
  let open: ListingRow | undefined;
  for (const { path, size, modifiedMs } of files) {
    if (open !== undefined && path.startsWith(open.name, start)) {
      open.bytes += size;
      open.modifiedMs = Math.max(open.modifiedMs, modifiedMs);
      continue;
    }
    const slash = path.indexOf('/', start);
    const row = { name: path.slice(start, slash < 0 ? undefined : slash + 1), bytes: size, modifiedMs };
    open = slash < 0 ? undefined : row;
    const kind = slash < 0 ? plain : folders;
    count++;
    if (kind.length < ROWS_MAX) kind.push(row);
  }
  const rows = [...folders, ...plain].slice(0, ROWS_MAX);
  return { rows, more: count - rows.length };
}

/** A listing for curl: size in bytes, time, name, one line each. */
export function listingText({ rows, more }: FolderRows): string {
  const lines = rows.map(({ name, bytes, modifiedMs }) => {
    return `${String(bytes).padStart(14)}  ${dateText(modifiedMs)}  ${safeText(name)}`;
  });
  return [...lines, ...moreText(more), ''].join('\n');
}

/** A listing for a browser without scripts. */
export function listingHtml(folder: string, { rows, more }: FolderRows) {
  const title = `/${folder}`;
  return html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${safeText(title)}</title><h1>${safeText(title)}</h1>
<p><a href="?format=zip">zip</a> <a href="?format=tar">tar</a></p>
<table>${folder === '' ? '' : html`<tr><td><a href="../">..</a></td></tr>`}
${rows.map(
  ({ name, bytes, modifiedMs }) =>
    html`<tr><td><a href="./${linkTo(name)}">${safeText(name)}</a></td><td align="right">${bytes}</td><td>${dateText(modifiedMs)}</td></tr>
`,
)}</table>${moreText(more).map((line) => html`<p>${line}</p>`)}</html>
`;
}

/** A relative link to a row of a listing. */
export function linkTo(name: string): string {
  const isFolder = name.endsWith('/');
  const link = encodeURIComponent(toUSVString(isFolder ? name.slice(0, -1) : name));
  return isFolder ? `${link}/` : link;
}

function moreText(more: number): string[] {
  return more > 0 ? [`… and ${more} more`] : [];
}

function dateText(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? '-'.padEnd(16) : date.toISOString().slice(0, 16).replace('T', ' ');
}

import { toUSVString } from 'node:util';
import { html } from 'hono/html';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CatalogEntry } from '../../Model.ts';

/** One row of a folder: a file, or a folder with the sum of its files. */
export interface ListingRow {
  /** A folder ends with a slash. */
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Rows of one listing; the rest is counted. */
const ROWS_MAX = 5_000;

/** Rows of a folder of the share, folders first. @param entries - all files below it */
export function rowsOf(folder: string, entries: readonly CatalogEntry[]): readonly ListingRow[] {
  const start = folder === '' ? 0 : folder.length + 1;
  const folders = new Map<string, ListingRow>();
  const files: ListingRow[] = [];
  for (const { path, size, modifiedMs } of entries) {
    const slash = path.indexOf('/', start);
    if (slash < 0) {
      files.push({ name: path.slice(start), bytes: size, modifiedMs });
      continue;
    }
    const name = path.slice(start, slash + 1);
    const before = folders.get(name);
    folders.set(name, {
      name,
      bytes: (before?.bytes ?? 0) + size,
      modifiedMs: Math.max(before?.modifiedMs ?? 0, modifiedMs),
    });
  }
  return [...folders.values(), ...files];
}

/** A listing for curl: size in bytes, time, name, one line each. */
export function listingText(rows: readonly ListingRow[]): string {
  const lines = rows.slice(0, ROWS_MAX).map(({ name, bytes, modifiedMs }) => {
    return `${String(bytes).padStart(14)}  ${dateText(modifiedMs)}  ${safeText(name)}`;
  });
  return [...lines, ...more(rows), ''].join('\n');
}

/** A listing for a browser without scripts. */
export function listingHtml(folder: string, rows: readonly ListingRow[]) {
  const title = `/${folder}`;
  return html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${safeText(title)}</title><h1>${safeText(title)}</h1>
<p><a href="?format=zip">zip</a> <a href="?format=tar">tar</a></p>
<table>${folder === '' ? '' : html`<tr><td><a href="../">..</a></td></tr>`}
${rows.slice(0, ROWS_MAX).map(
  ({ name, bytes, modifiedMs }) =>
    html`<tr><td><a href="./${linkTo(name)}">${safeText(name)}</a></td><td align="right">${bytes}</td><td>${dateText(modifiedMs)}</td></tr>
`,
)}</table>${more(rows).map((line) => html`<p>${line}</p>`)}</html>
`;
}

/** A relative link to a row of a listing. */
export function linkTo(name: string): string {
  const isFolder = name.endsWith('/');
  const link = encodeURIComponent(toUSVString(isFolder ? name.slice(0, -1) : name));
  return isFolder ? `${link}/` : link;
}

function more(rows: readonly ListingRow[]): string[] {
  return rows.length > ROWS_MAX ? [`… and ${rows.length - ROWS_MAX} more`] : [];
}

function dateText(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? '-'.padEnd(16) : date.toISOString().slice(0, 16).replace('T', ' ');
}

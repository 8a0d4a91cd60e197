import { create as contentDisposition } from 'content-disposition';
import mime from 'mime';
import parseRange from 'range-parser';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ContentRange, ServedFile } from '../../ContentModel.ts';

/** Status and headers of the answer to a request for a file, and the bytes that follow. */
export interface FileAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string>>;
  readonly range: ContentRange;
}

/** Headers of the request that decide the answer. */
export interface FileConditions {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  /** The browser saves the file instead of showing it. */
  readonly download: boolean;
}

/** The part of a request that decides. */
interface FileRequest {
  header(name: string): string | undefined;
  query(name: string): string | undefined;
}

export function conditionsOf(request: FileRequest): FileConditions {
  return {
    range: request.header('range'),
    ifRange: request.header('if-range'),
    ifNoneMatch: request.header('if-none-match'),
    ifModifiedSince: request.header('if-modified-since'),
    download: request.query('download') !== undefined,
  };
}

const NOTHING: ContentRange = { from: 0, to: 0 };
/** Types that a browser shows; none of them can run scripts. All others are saved. */
const SHOWN =
  /^(image\/(png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/pdf)$/;
/** Types that a browser shows as plain text. */
const TEXTUAL = /^(text\/(?!html)[\w.+-]+|application\/(json|toml|x-sh|sql|yaml))$/;
/** Contents of files come from strangers: they load nothing and run nothing. */
const FILE_POLICY =
  "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; sandbox";

/** Answers a request for a file by its path, whose ETag is the id of the content. Several ranges: the whole file. */
export function fileAnswer(entry: ServedFile, conditions: FileConditions): FileAnswer {
  const { size, fileId, modifiedMs } = entry;
  const etag = `"${fileId}"`;
  const modified = httpDate(modifiedMs);
  const always = {
    ETag: etag,
    ...(modified === undefined ? {} : { 'Last-Modified': modified }),
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-cache',
  };
  if (isCached(conditions, etag, modifiedMs)) return { status: 304, headers: always, range: NOTHING };
  const range = wantedRange(conditions, entry, modified);
  if (range === 'unsatisfiable') {
    const headers = { ...always, 'Content-Range': `bytes */${size}`, 'Content-Length': '0' };
    return { status: 416, headers, range: NOTHING };
  }
  const { from, to } = range ?? { from: 0, to: size };
  const headers = {
    ...always,
    ...contentHeaders(entry.path, conditions.download),
    'Content-Length': String(to - from),
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${from}-${to - 1}/${size}` }),
  };
  return { status: range === undefined ? 200 : 206, headers, range: { from, to } };
}

/** Type and disposition by the name of a file. */
function contentHeaders(path: string, download: boolean): Record<string, string> {
  const name = path.split('/').at(-1) ?? '';
  const byName = mime.getType(name) ?? 'application/octet-stream';
  const type = TEXTUAL.test(byName) ? 'text/plain' : byName;
  const isShown = SHOWN.test(type) && !download;
  return {
    'Content-Type': type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
    'Content-Disposition': contentDisposition(safeText(name), { type: isShown ? 'inline' : 'attachment' }),
    'Content-Security-Policy':
      type === 'application/pdf' ? "default-src 'none'; object-src 'self'" : FILE_POLICY,
  };
}

/** RFC 9110: If-None-Match comes before If-Modified-Since. */
function isCached(
  { ifNoneMatch, ifModifiedSince }: FileConditions,
  etag: string,
  modifiedMs = Number.NaN,
): boolean {
  if (ifNoneMatch !== undefined)
    return ifNoneMatch.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
  const sinceMs = Date.parse(ifModifiedSince ?? '');
  return Math.floor(modifiedMs / 1_000) * 1_000 <= sinceMs;
}

function wantedRange(
  { range, ifRange }: FileConditions,
  { size, fileId }: ServedFile,
  modified: string | undefined,
): ContentRange | 'unsatisfiable' | undefined {
  if (range === undefined) return undefined;
  if (ifRange !== undefined && ifRange !== `"${fileId}"` && ifRange !== modified) return undefined;
  // RFC 9110: the last bytes of a shorter file are all of it.
  const [, last] = /^bytes=-(\d+)$/.exec(range) ?? [];
  const parsed = parseRange(size, last === undefined ? range : `bytes=-${Math.min(Number(last), size)}`);
  if (parsed === -1) return 'unsatisfiable';
  if (parsed === -2 || parsed.type !== 'bytes' || parsed.length !== 1) return undefined;
  const [only] = parsed;
  return only && { from: only.start, to: only.end + 1 };
}

function httpDate(wallMs = Number.NaN): string | undefined {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toUTCString();
}

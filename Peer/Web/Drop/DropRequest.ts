import type { Denial } from '../Access/Guard.ts';
import { decodedPath } from '../Files/ServedPath.ts';

/** Longest path in bytes. */
const PATH_BYTES_MAX = 4_096;

/** The bytes that a request brings. */
export interface DropRange {
  /** Size of the whole file. */
  readonly size: number;
  /** Position of the first byte of the body; undefined: the request asks how much is here. */
  readonly from: number | undefined;
  /** Whether the body begins at the first byte, also when some are here. */
  readonly fresh: boolean;
}

/** Headers that say which bytes a request brings. */
export interface DropHeaders {
  readonly length: string | undefined;
  readonly range: string | undefined;
  readonly type: string | undefined;
}

/** The path below `/drop/`. */
export function dropPath(address: string): string | Denial {
  const path = decodedPath(address.replace(/^\/drop\/?/, ''));
  if (path === undefined) return bad('the address is not valid UTF-8');
  if (path === '' || path.endsWith('/')) return bad('the address has no file name');
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return bad(`the path has more than ${PATH_BYTES_MAX} bytes`);
  return path;
}

/** Reads `Content-Range`: `bytes 100-199/200`, or an asterisk for the range as a question. Else `Content-Length`. */
export function dropRange({ length, range, type }: DropHeaders): DropRange | Denial {
  if (/^multipart\/form-data/i.test(type ?? '')) {
    return {
      status: 415,
      message: 'forms are not read: send the bytes of the file as the body',
      hint: HINT,
    };
  }
  if (length === undefined || !/^\d{1,16}$/.test(length)) {
    return { status: 411, message: 'the request has no Content-Length', hint: HINT };
  }
  const bytes = Number(length);
  if (range === undefined) return { size: bytes, from: 0, fresh: true };
  const [, first, last, whole = ''] = /^bytes (?:(\d{1,16})-(\d{1,16})|\*)\/(\d{1,16})$/.exec(range) ?? [];
  if (whole === '') return bad('the Content-Range is not like bytes 100-199/200');
  const size = Number(whole);
  if (first === undefined) {
    return bytes === 0 ? { size, from: undefined, fresh: false } : bad('bytes */SIZE has no body');
  }
  const [from, to] = [Number(first), Number(last)];
  if (to - from + 1 !== bytes || to >= size) return bad('Content-Range and Content-Length do not fit');
  return { size, from, fresh: false };
}

/** Modification time of the file by `Last-Modified`. Undefined: none, or none that makes sense. */
export function dropTime(modified: string | undefined): number | undefined {
  const time = Date.parse(modified ?? '');
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

const HINT = 'Write: curl -T FILE http://HOST:PORT/drop/';

function bad(message: string): Denial {
  return { status: 400, message, hint: HINT };
}

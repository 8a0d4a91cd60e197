import { PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';

/** Unfinished files lie here, inside the share folder; never shared. */
export const TEMP_FOLDER = 'Temp';

/** Longest name of a file or folder that common file systems take, in bytes of UTF-8. */
const SEGMENT_BYTES_MAX = 255;
/** Of the whole path: the wire's limit, with room for numbers like ` (12)`. */
const WHOLE_BYTES_MAX = PATH_BYTES_MAX - 16;
/** An ending up to this long is kept when a name is cut. */
const EXTENSION_BYTES_MAX = 32;

/** What can move a cursor, reorder or hide text; lone surrogates, which no file system can hold. */
const DROPPED =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu;
/** Forbidden on Windows; and U+FFFD, which stands for bytes that were no text. */
const REPLACED = /[<>:"|?*\ufffd]/g;
/** Device names of Windows, with any ending; the digits also as superscripts. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(\.|$)/i;

/** Letters, digits, `_` and `-`, with single dots and spaces between: most paths, and safe as they are … */
const PLAIN = /^[\w-]+(?:[. ][\w-]+)*(?:\/[\w-]+(?:[. ][\w-]+)*)*$/;
/** … unless they mean something else somewhere. */
const RESERVED = /(?:^|\/)(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$)|^temp(?:\/|$)/i;

/**
 * Makes a path from a stranger safe to create below a folder, on every platform: relative, `/` between segments,
 * `.` and `..` left out, drives and leading slashes without meaning, NFC, no controls, bidi or zero-width characters,
 * no spaces around, no trailing dots, no device names, at most 255 bytes a segment (endings are kept) and 984 in all.
 * A leading dot becomes `_`, because hidden files are not shared; a first segment `Temp` is put behind `_`, because it is
 * ours. Total (every text has an answer, never empty) and idempotent. A leading `-` stays: we start no commands.
 */
export function safePath(wanted: string): string {
  if (wanted.length <= SEGMENT_BYTES_MAX && PLAIN.test(wanted) && !RESERVED.test(wanted)) return wanted;
  // An absurdly long text is cut first: what is beyond can never be part of the answer.
  const segments = clean(wanted.slice(-64 * PATH_BYTES_MAX))
    .split(/[/\\]/)
    .filter((segment) => !/^[. ]*$/.test(segment))
    .map(safeSegment);
  if (segments.length === 0) return 'unnamed';
  if (isTempName(segments[0] ?? '')) segments[0] = `_${segments[0]}`;
  // Too long: inner folders give way, the first and the file's own name stay as long as possible.
  while (segments.length > 1 && bytesOf(segments.join('/')) > WHOLE_BYTES_MAX) {
    segments.splice(Math.max(0, segments.length - 2), 1);
    if (isTempName(segments[0] ?? '')) segments[0] = `_${segments[0]}`;
  }
  return segments.join('/');
}

/** `name.ext` with n = 2 gives `name (2).ext`; 1 leaves the path as it is. Stays within the limits of `safePath`. */
export function numberedPath(path: string, n: number): string {
  if (n <= 1) return path;
  const cut = path.lastIndexOf('/') + 1;
  const [stem, extension] = splitExtension(path.slice(cut));
  const tail = ` (${n})${extension}`;
  const room = Math.min(SEGMENT_BYTES_MAX, PATH_BYTES_MAX - bytesOf(path.slice(0, cut))) - bytesOf(tail);
  return path.slice(0, cut) + cutToBytes(stem, Math.max(1, room)) + tail;
}

/** Whether this is, on some platform, the name of our own folder for unfinished files. */
export function isTempName(name: string): boolean {
  return name.toLowerCase() === TEMP_FOLDER.toLowerCase();
}

function clean(text: string): string {
  return text.replace(DROPPED, '').normalize('NFC').replace(REPLACED, '_');
}

function safeSegment(segment: string): string {
  const name = cutSegment(segment.replace(/^ +|[. ]+$/g, '').replace(/^\./, '_'));
  return DEVICE.test(name) ? cutSegment(`_${name}`) : name;
}

function cutSegment(name: string): string {
  if (bytesOf(name) <= SEGMENT_BYTES_MAX) return name;
  const [stem, extension] = splitExtension(name);
  return `${cutToBytes(stem, SEGMENT_BYTES_MAX - bytesOf(extension))}${extension}`.replace(/[. ]+$/, '');
}

/** The ending with its dot, or '' when there is none worth keeping. */
function splitExtension(name: string): readonly [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || bytesOf(name.slice(dot)) > EXTENSION_BYTES_MAX) return [name, ''];
  return [name.slice(0, dot), name.slice(dot)];
}

/** The longest beginning of at most `maxBytes` bytes that does not cut a character. */
function cutToBytes(text: string, maxBytes: number): string {
  if (bytesOf(text) <= maxBytes) return text;
  let bytes = 0;
  let length = 0;
  for (const char of text) {
    bytes += bytesOf(char);
    if (bytes > maxBytes) break;
    length += char.length;
  }
  return text.slice(0, length);
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

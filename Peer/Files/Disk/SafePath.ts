import { PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';
import { hasIgnoredName } from './IgnoredNames.ts';

/** Folder of unfinished files inside the share; never shared. */
export const TEMP_FOLDER = 'Temp';

/** Longest file name on common file systems, in bytes of UTF-8. */
const SEGMENT_BYTES_MAX = 255;
/** Longest path: the limit of the wire, minus room for a number like ` (12)`. */
const WHOLE_BYTES_MAX = PATH_BYTES_MAX - 16;
/** Longest extension that is kept when a name is cut. */
const EXTENSION_BYTES_MAX = 32;

/**
 * Characters that move the cursor, reorder or hide text, and lone surrogates, which file systems cannot store. Joiners
 * (U+200C, U+200D) stay between characters of other scripts than Latin: Persian words and emoji are written with them.
 */
const DROPPED =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu;
const JOINER =
  /(?<![^\u0000-\u007f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\u0000-\u007f\u200c\u200d])/gu;
/** Characters forbidden on Windows. U+FFFD, the replacement for invalid UTF-8, is forbidden everywhere. */
const REPLACED = /[<>:"|?*\\]/g;
/** Device names of Windows, with any extension; the digits also as superscripts. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(\.|$)/i;

/**
 * Matches most paths: letters, digits, `_`, `-` and parentheses, with single dots and spaces between. Safe unless
 * reserved.
 */
const PLAIN = /^[\w()-]+(?:[. ][\w()-]+)*(?:\/[\w()-]+(?:[. ][\w()-]+)*)*$/;
/** Names with a special meaning on some platform, and our own `Temp`. */
const RESERVED = /(?:^|\/)(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$)|^temp(?:\/|$)/i;

/**
 * Makes a path from a stranger safe to create below a folder: relative, `/` between segments, `.`, `..` and leading
 * slashes removed, no controls, bidi or zero-width characters, at most 255 bytes per segment (extensions are kept)
 * and 984 in all. Names that are never shared are changed, so that others find the file: a leading dot becomes `_`,
 * `x.part` becomes `x.part_`, and a first segment `Temp` gets the prefix `_`. Total (every text has a result, never
 * empty) and idempotent. A leading `-` stays: Shoal starts no commands.
 *
 * @param names - `portable`: also NFC, without characters that Windows forbids, without spaces around, trailing dots
 * and device names. `any`: for a disk that keeps such names
 */
export function safePath(wanted: string, names: 'portable' | 'any' = 'portable'): string {
  const isPlain = wanted.length <= SEGMENT_BYTES_MAX && PLAIN.test(wanted);
  if (isPlain && !RESERVED.test(wanted) && !hasIgnoredName(wanted)) return wanted;
  // Bounds the work for a very long text: only its end can be part of the result.
  const segments = clean(wanted.slice(-64 * PATH_BYTES_MAX), names)
    .split('/')
    .filter((segment) => !/^[. ]*$/.test(segment))
    .map((segment) => safeSegment(segment, names));
  if (segments.length === 0) return 'unnamed';
  if (isTempName(segments[0] ?? '')) segments[0] = `_${segments[0]}`;
  // Too long: inner folders are removed; the first folder and the file name are kept as long as possible.
  while (segments.length > 1 && bytesOf(segments.join('/')) > WHOLE_BYTES_MAX) {
    segments.splice(Math.max(0, segments.length - 2), 1);
    if (isTempName(segments[0] ?? '')) segments[0] = `_${segments[0]}`;
  }
  return segments.join('/');
}

/**
 * Numbers a path: `name.ext` with n = 2 becomes `name (2).ext`; n = 1 changes nothing. Keeps the limits of
 * `safePath`.
 */
export function numberedPath(path: string, n: number): string {
  if (n <= 1) return path;
  const cut = path.lastIndexOf('/') + 1;
  const [stem, extension] = splitExtension(path.slice(cut));
  const tail = ` (${n})${extension}`;
  const room = Math.min(SEGMENT_BYTES_MAX, PATH_BYTES_MAX - bytesOf(path.slice(0, cut))) - bytesOf(tail);
  return path.slice(0, cut) + cutToBytes(stem, Math.max(1, room)) + tail;
}

/** Whether a path is a numbered form of another one: `name (2).ext` of `name.ext`. */
export function isNumberedForm(path: string, of: string): boolean {
  const number = / \((\d{1,5})\)(?:\.[^/]*)?$/.exec(path)?.[1];
  return number !== undefined && numberedPath(of, Number(number)) === path;
}

/** Whether some platform considers this the name of the folder of unfinished files. */
export function isTempName(name: string): boolean {
  return name.toLowerCase() === TEMP_FOLDER.toLowerCase();
}

function clean(text: string, names: 'portable' | 'any'): string {
  // Before the joiners: the replacement is a Latin character.
  const seen = text.replace(DROPPED, '').replaceAll('\ufffd', '_').replace(JOINER, '');
  return names === 'any' ? seen : seen.normalize('NFC').replace(REPLACED, '_');
}

function safeSegment(segment: string, names: 'portable' | 'any'): string {
  if (names === 'any')
    return sharedSegment(
      cutSegment((isTooLong(segment) ? segment.trimStart() : segment).replace(/^\./, '_')),
    );
  const name = cutSegment(segment.replace(/^ +|[. ]+$/g, '').replace(/^\./, '_'));
  return sharedSegment(DEVICE.test(name) ? cutSegment(`_${name}`) : name);
}

/** A name that the rules of the share do not ignore. */
function sharedSegment(wanted: string): string {
  const name = wanted.replace(/^~\$/, '_$');
  return hasIgnoredName(name) ? `${cutToBytes(name, SEGMENT_BYTES_MAX - 1)}_` : name;
}

function isTooLong(name: string): boolean {
  return bytesOf(name) > SEGMENT_BYTES_MAX;
}

function cutSegment(name: string): string {
  if (!isTooLong(name)) return name;
  const [stem, extension] = splitExtension(name);
  return `${cutToBytes(stem, SEGMENT_BYTES_MAX - bytesOf(extension))}${extension}`
    .replace(JOINER, '')
    .replace(/[. ]+$/, '');
}

/** The extension has its dot, or is '' when there is none short enough. */
function splitExtension(name: string): readonly [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || bytesOf(name.slice(dot)) > EXTENSION_BYTES_MAX) return [name, ''];
  return [name.slice(0, dot), name.slice(dot)];
}

/** Returns the longest prefix of at most `maxBytes` bytes that does not split a character. */
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
